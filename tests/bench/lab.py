"""What the benchmarks share: a private daemon, a root file system whose init stamps the clock, statistics, tables."""
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARIES = os.environ.get("REEVE_BINARIES", os.path.join(REPOSITORY, "bazel-bin"))
REEVED = os.path.join(BINARIES, "daemon/reeved")
SUPERVISOR = os.path.join(BINARIES, "drivers/lxc/reeve-supervisor")
CLIENT = os.path.join(BINARIES, "tests/bench/api_client")
FLOOR = os.path.join(BINARIES, "tests/bench/floor")
INIT = os.path.join(BINARIES, "tests/bench/stamp_init")
MOUNTS_ARE_OURS = False  # own_mounts


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def become_reaper():
    """Orphans come to us: an init that reaps late would add its delay to every figure."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def own_mounts():
    """Enters a mount namespace of its own, so that what is mounted goes with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns = 0x20000
    if libc.unshare(clone_newns) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    global MOUNTS_ARE_OURS  # pylint: disable=global-statement
    MOUNTS_ARE_OURS = True


def common_ground(work):
    """Enters a mount namespace in which all peers can run: crun 1.8 refuses a hybrid host, so the v2 hierarchy is not
    mounted in it; lxc-start wants subordinate ids for root."""
    own_mounts()
    if os.path.ismount("/sys/fs/cgroup/unified"):
        subprocess.run(["umount", "/sys/fs/cgroup/unified"], check=True)
    for name in ("subuid", "subgid"):
        path = os.path.join(work, name)
        with open(path, "w") as text:
            text.write("root:100000:65536\n")
        if not os.path.exists("/etc/" + name):
            print(f"/etc/{name} is not there: lxc-start will be left out", file=sys.stderr)
            continue
        subprocess.run(["mount", "--bind", path, "/etc/" + name], check=True)


def smaps(pid):
    """RSS and PSS of a process, kB."""
    figures = {}
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 3 and words[2] == "kB":
                figures[words[0].rstrip(":")] = int(words[1])
    return figures["Rss"], figures["Pss"]


class Root:
    """A root file system with stamp_init as /sbin/init and a FIFO for its stamp."""

    def __init__(self, directory):
        self.path = directory
        for name in ("sbin", "proc", "sys", "dev", "fifo", "etc", "tmp", "run"):
            os.makedirs(os.path.join(directory, name), exist_ok=True)
        shutil.copy(INIT, os.path.join(directory, "sbin/init"))
        fifo = os.path.join(directory, "fifo/ready")
        os.mkfifo(fifo)
        os.chmod(fifo, 0o666)
        self.fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)

    def stamp(self):
        """The clock at the first instruction of init, nanoseconds."""
        if not self.poll.poll(10000):
            raise RuntimeError("the container's init gave no sign within 10 s")
        return int(os.read(self.fd, 64).split()[0])

    def drain(self):
        try:
            while os.read(self.fd, 4096):
                pass
        except BlockingIOError:
            pass


class Daemon:
    """reeved under a temporary root; ready when constructed."""

    def __init__(self, root=None, configuration="", level="warn"):
        self.root = root or tempfile.mkdtemp(prefix="reeve-bench-")
        os.makedirs(self.root + "/etc/reeve", exist_ok=True)
        self.run = self.root + "/run"
        if MOUNTS_ARE_OURS and not os.path.ismount(self.run):
            # As /run is on every host of today.
            os.makedirs(self.run, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.run], check=True)
        with open(self.root + "/etc/reeve/reeved.toml", "w") as text:
            text.write(f'[log]\ntarget = "stderr"\nlevel = "{level}"\n[lxc]\nsupervisor = "{SUPERVISOR}"\n' + configuration)
        self.socket = self.root + "/run/reeve/reeve.sock"
        self.log = open(self.root + "/daemon.log", "ab")
        self.begin()

    def begin(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind("\0reeve-bench-%d-%d" % (os.getpid(), time.monotonic_ns()))
        notify.settimeout(60)
        address = "@" + notify.getsockname()[1:].decode()
        started = time.monotonic_ns()
        self.process = subprocess.Popen([REEVED, "--root", self.root], stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": address})
        while b"READY=1" not in notify.recv(4096):
            pass
        notify.close()
        self.ready_seconds = (time.monotonic_ns() - started) / 1e9

    def client(self):
        return Client(self.socket)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()
        if MOUNTS_ARE_OURS:
            subprocess.run(["umount", self.run], check=True)
        shutil.rmtree(self.root)


class Client:
    """A C++ client that does one command a line; its figures are nanoseconds of CLOCK_MONOTONIC. `path` is a socket's, or a
    URI."""

    def __init__(self, path):
        self.process = subprocess.Popen([CLIENT, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.startswith("ok"):
            raise RuntimeError(f"{' '.join(map(str, words))}: {line.strip() or 'the client has ended'}")
        return [int(word) for word in line.split()[1:]]

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def report(name, header, rows, figures):
    """A table for people, one line of JSON for programs."""
    texts = [[cell if isinstance(cell, str) else f"{cell:.3g}" if cell < 100 else f"{cell:.0f}" for cell in row]
             for row in rows]
    widths = [max(len(line[column]) for line in [header] + texts) for column in range(len(header))]
    print(f"\n{name}")
    for line in [header] + texts:
        print("  " + "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                               for column, (cell, width) in enumerate(zip(line, widths))))
    print(json.dumps({"benchmark": name, **figures}), flush=True)


def require(*programs):
    """The peers that are there; a missing one is named."""
    there = []
    for program in programs:
        if shutil.which(program):
            there.append(program)
        else:
            print(f"left out: {program} is not installed", file=sys.stderr)
    return there
