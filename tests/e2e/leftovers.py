"""What a test may not leave behind: groups, mounts, interfaces, supervisors, guests."""

import glob
import os
import signal

import processes

# Every guest of this process is below this partition, so that tests at the same time don't see each other's.
PARTITION = f"/reeve-e2e-{os.getpid()}"


def groups():
    """Control groups below the partition, as paths."""
    found = set()
    for mount in _hierarchies():
        for folder, names, _ in os.walk(mount + PARTITION):
            found.update(os.path.join(folder, name) for name in names)
    return found


def _hierarchies():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields[fields.index("-") + 1] in ("cgroup", "cgroup2"):
                yield fields[4]


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return sorted(line.split()[4] for line in file)


def interfaces():
    with open("/proc/self/net/dev", encoding="utf-8") as file:
        return sorted(line.split(":")[0].strip() for line in file if ":" in line)


class Snapshot:
    """The state before a test, and what is there beyond it."""

    def __init__(self):
        self.mounts, self.interfaces, self.groups = mounts(), interfaces(), groups()
        self.supervisors = processes.supervisors()

    def beyond(self):
        found = [f"control group {path}" for path in sorted(groups() - self.groups)]
        found += [f"mount {path}" for path in mounts() if path not in self.mounts]
        found += [f"interface {name}" for name in interfaces() if name not in self.interfaces]
        found += [f"supervisor {pid}" for pid in sorted(processes.supervisors() - self.supervisors)]
        return found

    def clean(self):
        """Ends what a failed test left: supervisors of this test, then the processes of its groups."""
        for pid in processes.descendants(processes.supervisors() - self.supervisors):
            _kill(pid)
        for path in sorted(groups() - self.groups, reverse=True):
            for pid in _members(path):
                _kill(pid)
                processes.await_end(pid)
        remove_partition()


def _members(path):
    try:
        with open(os.path.join(path, "cgroup.procs"), encoding="utf-8") as file:
            return [int(line) for line in file]
    except OSError:
        return []


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def remove_partition():
    """Removes the empty groups of the partition."""
    for mount in _hierarchies():
        for path in sorted(glob.glob(f"{mount}{PARTITION}/**/", recursive=True), reverse=True):
            try:
                os.rmdir(path)
            except OSError:
                pass
