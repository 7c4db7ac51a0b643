"""The cases of a corpus that tell where a host's control group controllers are mounted (cgroups/layout_filter)."""

import pathlib
import subprocess
import tempfile

KIND = "/proc/mounts+/proc/cgroups->controller mounts"
TIMEOUT_SECONDS = 20


def mountinfo(mounts):
    """The lines of /proc/PID/mounts as those of mountinfo (proc(5)), which also has numbers, and the root that is mounted."""
    lines = []
    for number, line in enumerate(mounts.splitlines()):
        source, target, kind, options = line.split(" ")[:4]
        lines.append(f"{number + 20} 1 0:{number + 20} / {target} {options} - {kind} {source} {options}\n")
    return "".join(lines)


def try_case(case, program):
    """The cause of the failure, or ""."""
    mounts, cgroups, self_cgroup = case.inputs
    with tempfile.TemporaryDirectory() as folder:
        converted = pathlib.Path(folder) / "mountinfo"
        converted.write_text(mountinfo(mounts.read_text(encoding="utf-8")), encoding="utf-8")
        run = subprocess.run([program, converted, cgroups, self_cgroup], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=TIMEOUT_SECONDS, check=False)
    if run.returncode not in (0, 1):
        return f"ended with {run.returncode}: {run.stderr}"
    if case.refused:
        return "" if run.returncode == 1 and run.stderr.startswith("error: ") else "was accepted and should be refused"
    if run.returncode == 1:
        return f"refused: {run.stderr}"
    expected = case.expected.read_text(encoding="utf-8").rstrip("\n").splitlines()
    written = run.stdout.rstrip("\n").splitlines()
    if written == expected:
        return ""
    return "\n".join(line for pair in zip(expected, written) if pair[0] != pair[1] for line in (f"-{pair[0]}", f"+{pair[1]}"))
