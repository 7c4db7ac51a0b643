"""The Xen driver on a real Xen, which runs under emulation.

By hand, after the programs are built: /usr/bin/python3 tests/xen/suite_xen.py [PART]

The machine is made from Debian packages once, into REEVE_XEN_LAB (default: reeve/xen-lab in the user's cache directory).
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "runner"))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "security"))

import bazel  # noqa: E402
import certificates  # noqa: E402
import counts  # noqa: E402
import subreaper  # noqa: E402

BUILD_SECONDS = 900
RUN_SECONDS = 1200
# Two parts in machines of their own: they need each other.
PAIR = ["migration", "peer"]
# Parts on another machine than that of lab/run. It has an IOMMU by which devices go to guests; a device that Dom0 does not
# need, behind a port of its own; one that cannot be reset; a USB device. Its Dom0 has all of the memory.
SECOND = "balloon passthrough usb unplug"
HARDWARE = ["-machine", "q35", "-device", "intel-iommu,intremap=off", "-device", "pcie-root-port,id=spare,chassis=1",
            "-device", "virtio-rng-pci,bus=spare", "-device", "pci-testdev",
            "-device", "qemu-xhci", "-device", "usb-tablet", "-append",
            "console=com1 com1=115200,8n1 no-real-mode edd=off spec-ctrl=no bootscrub=0"]
PROGRAMS = ["//daemon:reeved", "//cli:reeve"]
# The last of a job's checks: a job that ends before it has failed.
LAST = "the daemon ends cleanly"


def cache_directory():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "reeve", "xen-lab")
    return os.environ.get("REEVE_XEN_LAB", default)


def log_tail(path, lines=40):
    if not os.path.exists(path):
        return f"(no {os.path.basename(path)})\n"
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-lines:])


def place(source, target):
    """The same file under another name; a copy on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def judge(log, status):
    """(Counts, lines that tell what failed) of a job's log: each check is a line "ok NAME (SECONDS s)" or "failed NAME: WHY"."""
    passed = re.findall(r"^ok (.*) \([0-9.]+ s\)$", log, re.MULTILINE)
    failures = [f"xen: {line}" for line in re.findall(r"^failed (.*)$", log, re.MULTILINE)]
    if LAST not in passed and not any(LAST in failure for failure in failures):
        failures.append(f"xen: the job ended with {status} before its last check")
    elif status != 0 and not failures:
        failures.append(f"xen: the job ended with {status}")
    return counts.Counts(passed=len(passed), failed=len(failures)), failures


def prepare(cache, job, part):
    """What Dom0 is given."""
    for label in PROGRAMS:
        shutil.copy(bazel.binary(label), job)
    for name in ("tiny.elf", "sector.qcow2", "vmlinux", "guest-initrd.img"):
        place(os.path.join(cache, name), os.path.join(job, name))
    for name in sorted(os.listdir(os.path.join(FOLDER, "job"))):
        shutil.copy(os.path.join(FOLDER, "job", name), job)
    with open(os.path.join(job, "part"), "w", encoding="utf-8") as file:
        file.write(part)


def write_certificates(jobs):
    """Of one authority, for the machines of PAIR."""
    authority = certificates.Authority()
    for number, job in enumerate(jobs, 1):
        folder = os.path.join(job, "pki")
        os.mkdir(folder)
        certificates.replace(os.path.join(folder, "cacert.pem"), authority.certificate_pem())
        for kind, pair in (("server", authority.server((f"IP:10.9.0.{number}",))),
                           ("client", authority.client(f"O=Example,CN=host{number}"))):
            pair.write(os.path.join(folder, f"{kind}cert.pem"), os.path.join(folder, f"{kind}key.pem"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def await_listener(port, machine):
    """Until the first machine has made its end of the network, without taking the one connection that it waits for."""
    line = f"0100007F:{port:04X} 00000000:0000 0A"
    while machine.poll() is None:
        with open("/proc/net/tcp", encoding="ascii") as table:
            if line in table.read():
                return
        time.sleep(0.05)


def run_machines(cache, parts):
    """Boots a machine for each of the parts; those of PAIR have a network of their own."""
    with tempfile.TemporaryDirectory(prefix="reeve-xen-") as folder:
        jobs = [os.path.join(folder, str(number)) for number in range(len(parts))]
        for job, part in zip(jobs, parts):
            os.mkdir(job)
            prepare(cache, job, part)
        hardware = [HARDWARE if part in (SECOND, *SECOND.split()) else [] for part in parts]
        if parts == PAIR:
            write_certificates(jobs)
            port = free_port()
            hardware = [["-netdev", f"socket,id=pair,{end}=127.0.0.1:{port}", "-device",
                         f"virtio-net-pci,netdev=pair,mac=52:54:00:00:00:0{number}"]
                        for number, end in enumerate(("listen", "connect"), 1)]
        machines = []
        for job, more in zip(jobs, hardware):
            command = [os.path.join(FOLDER, "lab", "run"), cache, job, str(RUN_SECONDS), *more]
            machines.append(subprocess.Popen(command))
            if parts == PAIR and job != jobs[-1]:
                await_listener(port, machines[-1])
        total, failures = counts.Counts(), []
        for job, part, machine in zip(jobs, parts, machines):
            status = machine.wait()
            log = log_tail(os.path.join(job, "job.log"), 100000)
            more, failed = judge(log, status)
            total.add(more)
            failures += failed
            if failed or part:
                print(log)
            if failed:
                print("-- the daemon's log\n" + log_tail(os.path.join(job, "reeved.log"), 80))
                print("-- the machine's console\n" + log_tail(os.path.join(job, "serial.log"), 20))
    return total, failures


def run(part=""):
    """The part of that name; without one all that the machine of lab/run can do. "migration" has two of them, "second" is
    all that the other machine can do."""
    part = SECOND if part == "second" else part
    cache = cache_directory()
    start = time.monotonic()
    try:
        subprocess.run([os.path.join(FOLDER, "lab", "build"), cache], check=True, timeout=BUILD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return counts.Counts(failed=1), [f"xen: the lab was not built: {error}"]
    built = time.monotonic()
    total, failures = counts.twice(lambda: run_machines(cache, PAIR if part == PAIR[0] else [part]))
    print(f"== xen: built in {built - start:.0f} s, run in {time.monotonic() - built:.0f} s", flush=True)
    return total, failures


def main(arguments):
    total, failures = run(*arguments[:1])
    for failure in failures:
        print(f"failed: {failure}")
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(subreaper.run_below(lambda: main(sys.argv[1:])))
