"""Runs Reeve in a guest that has only cgroup v2: once without systemd, once with it as init.

By hand, after the programs are built: /usr/bin/python3 tests/cgroup2/suite_cgroup2.py [plain|systemd]
"""

import os
import shutil
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "runner"))
sys.path.insert(0, FOLDER)

import bazel  # noqa: E402
import counts  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import subreaper  # noqa: E402

PROGRAMS = ["//daemon:reeved", "//cli:reeve", "//drivers/lxc:reeve-supervisor"]
TESTS = ["//cgroups:kernel_controllers_test", "//cgroups:kernel_devices_test", "//cgroups:kernel_group_test"]
# The variants, each with the kernel's arguments and the tests of guest/ that it must report.
COMMON = ["node", "sysinfo", "define", "start", "limits", "tuning", "devices", "suspend", "statistics", "survives-kill", "survives-stop", "destroy",
          "leaves-nothing"]
VARIANTS = {
    "plain": ("rdinit=/overlay/reeve/boot reeve=plain", COMMON),
    "systemd": ("rdinit=/overlay/reeve/boot reeve=systemd systemd.unified_cgroup_hierarchy=1 systemd.unit=reeve-tests.target "
                "systemd.show_status=0 systemd.log_level=warning", COMMON + ["scope", "sleep"]),
}


def files(guest_root, folder):
    """What goes into the guest beside Debian: its path there and here."""
    wanted = {
        "/usr/sbin/reeved": bazel.binary("//daemon:reeved"),
        "/usr/bin/reeve": bazel.binary("//cli:reeve"),
        "/usr/libexec/reeve/reeve-supervisor": bazel.binary("//drivers/lxc:reeve-supervisor"),
        "/bin/busybox": shutil.which("busybox"),
        "/srv/guest": guest_root,
        "/reeve/loop.ko": os.path.join(folder, "loop.ko"),
    }
    for name in ("reeved.service", "reeved.socket", "reeved-ro.socket"):
        wanted[f"/etc/systemd/system/{name}"] = os.path.join(ROOT, "packaging/systemd", name)
    for name in sorted(os.listdir(os.path.join(FOLDER, "guest"))):
        inside = "/etc/systemd/system/" if name.startswith("reeve-tests.") else "/reeve/"
        wanted[inside + name] = os.path.join(FOLDER, "guest", name)
    for label in TESTS:
        wanted["/reeve/tests/" + label.rpartition(":")[2]] = bazel.binary(label)
    return wanted


def judge(variant, report, log):
    """(Counts, lines that tell what failed). A test that never reported has failed."""
    total, failures = counts.Counts(), []

    def fail(text):
        total.add(counts.Counts(failed=1))
        failures.append(f"cgroup2 {variant}: {text}")

    ran = {name: (output, status) for name, output, status in report.programs}
    for label in TESTS:
        name = label.rpartition(":")[2]
        if name not in ran:
            fail(f"{name} did not run")
            continue
        output, status = ran[name]
        one = counts.from_catch2(output, status == 0)
        total.add(one)
        if one.failed:
            print(output, flush=True)
            failures.append(f"cgroup2 {variant}: {name}: {one.failed} failed")
    results = {name: (passed, cause) for name, passed, cause in report.results}
    for name in VARIANTS[variant][1]:
        passed, cause = results.get(name, (False, "it did not report"))
        if passed:
            total.add(counts.Counts(passed=1))
        else:
            fail(f"{name}: {cause}")
    if not report.done:
        fail("the guest did not come to its end")
    if failures:
        with open(log, encoding="utf-8", errors="replace") as file:
            print(f"--- the guest's console ({variant})\n{file.read()[-20000:]}", flush=True)
    return total, failures


def run(variants=None):
    total, failures = counts.Counts(), []
    folder = image.image()
    with tempfile.TemporaryDirectory(prefix="reeve-cgroup2-") as work:
        guest_root = os.path.join(work, "guest")
        image.run([os.path.join(ROOT, "packaging/busybox-root"), guest_root])
        initrd = os.path.join(work, "initrd.cpio")
        image.overlay(initrd + ".overlay", files(guest_root, folder))
        with open(initrd, "wb") as target:
            for part in (os.path.join(folder, "root.cpio"), initrd + ".overlay"):
                with open(part, "rb") as source:
                    shutil.copyfileobj(source, target)
        for variant in variants or VARIANTS:
            print(f"-- cgroup2 {variant}", flush=True)

            def boot(variant=variant):
                log = os.path.join(work, f"{variant}.log")
                report = machine.boot(os.path.join(folder, "vmlinuz"), initrd, VARIANTS[variant][0], log)
                return judge(variant, report, log)

            one, failed = counts.twice(boot)
            total.add(one)
            failures += failed
    return total, failures


def main():
    total, failures = run(sys.argv[1:])
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(subreaper.run_below(main))
