"""What /proc tells of processes."""

import os
import select


def exists(pid):
    """Whether it is there and not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def descendants(of):
    """Processes below any of the given ones, themselves included."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            children.setdefault(parent(int(name)), []).append(int(name))
    found, queue = set(), list(of)
    while queue:
        pid = queue.pop()
        if pid not in found and exists(pid):
            found.add(pid)
            queue += children.get(pid, [])
    return found


def supervisors():
    """Supervisors in this process's network namespace: no other test's."""
    own = os.readlink("/proc/self/ns/net")
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            program = os.readlink(f"/proc/{name}/exe").removesuffix(" (deleted)")
            if program.endswith(("/reeve-supervisor", ":reeve-supervisor")) and os.readlink(f"/proc/{name}/ns/net") == own:
                found.add(int(name))
        except OSError:
            pass
    return {pid for pid in found if exists(pid)}


def status(pid):
    """The fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


def await_end(pid, timeout=10.0):
    """Waits until a process has ended, by its pidfd."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([descriptor], [], [], timeout)[0]:
            raise AssertionError(f"process {pid} has not ended within {timeout} s")
    finally:
        os.close(descriptor)


def resources(pid):
    """(file descriptors, threads, resident KiB) of a process."""
    fields = status(pid)
    return len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"]), int(fields["VmRSS"].split()[0])


def _status_kib(pid, field):
    return int(status(pid)[field].split()[0])


def resident_kib(pid):
    return _status_kib(pid, "VmRSS")


def peak_kib(pid):
    """The most that was resident at once since reset_peak."""
    return _status_kib(pid, "VmHWM")


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # proc(5)
