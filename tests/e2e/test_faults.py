"""Each system call of a start fails once: whatever that does to the start, nothing of it is left on the host."""

import contextlib
import glob
import os
import signal
import stat
import subprocess

import guests
import waiting
from harness import EndToEnd, api, environment, leftovers

# What a start asks of the kernel beyond memory.
MOUNTS = ("openat2", "open_tree", "fsopen", "fsconfig", "fsmount", "move_mount", "mount_setattr", "mount", "umount2",
          "pivot_root", "chdir", "fchdir")
FILES = ("openat", "mkdirat", "mknodat", "symlinkat", "fchownat", "newfstatat", "ioctl", "close_range", "dup2")
PROCESSES = ("clone3", "clone", "unshare", "setns", "socketpair", "socket", "bind", "listen", "epoll_create1", "epoll_ctl",
             "execve", "bpf")
MESSAGES = ("sendmsg", "sendto", "recvmsg", "recvfrom", "write", "read")
# What hands the caller's descriptors on to the first process.
PASSING = ("sendmsg", "recvmsg", "fcntl", "dup2", "close_range")
PRIVILEGES = ("sethostname", "setgroups", "setresuid", "setresgid", "capset", "prctl", "seccomp", "keyctl", "prlimit64",
              "personality")
# What the daemon itself does for a start: its directory, the groups and what is written into them, the device program, the
# supervisor's process, the watch on it, the record. Not what gRPC's threads do all the time.
DAEMON_FILES = ("mkdir", "mkdirat", "openat", "renameat")
# fcntl(2) is left out: SQLite does not expect to fail in giving back a lock, and the kernel does not fail in it.
DAEMON_PROCESSES = ("bpf", "poll")
# These are tried a second time: they fail for good. Without clone3 the supervisor is made by vfork, and its pidfd by pidfd_open.
DAEMON_SUPERVISOR = ("socketpair", "clone3,vfork", "clone3,pidfd_open")
DAEMON_RECORDS = ("pwrite64", "fdatasync")
MOST = 80


class Faults(EndToEnd):

    def setUp(self):
        super().setUp()
        if not os.path.exists("/usr/bin/strace"):
            self.skipTest("strace is not installed")
        self.wrapper = os.path.join(environment.temporary_folder(), "supervisor")
        self.reeved = self.daemon(config="", start=False)
        path = os.path.join(self.reeved.root, "etc/reeve/reeved.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace(environment.SUPERVISOR, self.wrapper)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.inject("none", 1)
        self.reeved.start()
        self.client = self.reeved.client()
        subprocess.run(["ip", "link", "add", "faultbr", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "faultbr"], check=True)
        self.before = leftovers.Snapshot()
        devices = ("<interface type='bridge'><source bridge='faultbr'/><ip address='10.8.7.6' prefix='24'/>"
                   "<bandwidth><outbound average='1000'/></bandwidth></interface>"
                   "<filesystem type='ram'><source usage='64' units='KiB'/><target dir='/mnt'/></filesystem>")
        self.client.define(guests.xml("web1", self.root, devices=devices))
        self.descriptors = []

    def inject(self, call, number):
        """The next supervisor, and all below it, has this call fail the so-manieth time, in each process."""
        options = "" if call == "none" else f"-e inject={call}:error=ENOSPC:when={number} "
        text = f"#!/bin/sh\nexec /usr/bin/strace -D -f -qq -o /dev/null {options}{environment.SUPERVISOR} \"$@\"\n"
        if call == "none":
            text = f"#!/bin/sh\nexec {environment.SUPERVISOR} \"$@\"\n"
        with open(self.wrapper + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.wrapper + ".new", stat.S_IRWXU)
        os.rename(self.wrapper + ".new", self.wrapper)

    def attempt(self):
        """Starts it. The error, or None."""
        try:
            self.client.start("web1", timeout=40, descriptors=self.descriptors)
        except api.grpc.RpcError as error:
            self.assertEqual(api.reason(error), "START_FAILED", error.details())
            self.assertEqual(api.state(self.client.get("web1")), "SHUTOFF")
            return error.details()
        try:
            self.client.verb("Destroy", "web1")
        except api.grpc.RpcError as error:  # it has ended by itself, of its first process's own fault
            self.assertEqual(api.reason(error), "DOMAIN_STATE", error.details())
        return None

    def await_nothing_left(self, what):
        """strace now and then sleeps on while a process that it holds waits for it in its exit: nothing can end that but its own
        end. What the daemon says and does meanwhile is tried in test_endings."""
        with contextlib.suppress(AssertionError):
            waiting.until(lambda: not self.before.beyond(), "nothing is left", 4)
            return
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(path, "rb") as file:
                    words = file.read().split(b"\0")
                if words[:2] == [b"/usr/bin/strace", b"-D"] and environment.SUPERVISOR.encode() in words:
                    print(f"    strace did not let go of {what}", flush=True)
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
        waiting.until(lambda: not self.before.beyond(), f"nothing left of {what}: {self.before.beyond()}", 20)

    def fail_each(self, calls, least):
        self.assertIsNone(self.attempt(), "a start without faults")
        refused = 0
        reached = set()
        for call in calls:
            harmless = 0
            for number in range(1, MOST + 1):
                with self.subTest(call=call, number=number):
                    self.inject(call, number)
                    error = self.attempt()
                    self.await_nothing_left(f"a start whose {call} {number} failed")
                if error is None:
                    harmless += 1
                    if harmless == 3:  # the start has no more of them, or does without
                        break
                else:
                    refused += 1
                    harmless = 0
                    reached.add(error.split(": ")[1])
        print(f"    {refused} starts refused, at {len(reached)} steps: {sorted(reached)}")
        self.assertGreaterEqual(refused, least)
        self.inject("none", 1)
        self.assertIsNone(self.attempt(), "a start after all faults")

    @contextlib.contextmanager
    def daemon_fails(self, call, number):
        """This call of the daemon fails the so-manieth time, in each of its threads; not in the processes that it makes."""
        tracer = next(filter(None, (self.attach(call, number) for _ in range(10))), None)
        self.assertIsNotNone(tracer, "the daemon makes threads more quickly than strace attaches to them")
        try:
            yield tracer
        finally:
            tracer.terminate()
            tracer.wait(10)

    def attach(self, call, number):
        """strace on every thread of the daemon; None when there was a new one meanwhile."""
        threads = os.listdir(f"/proc/{self.reeved.pid}/task")
        tracer = subprocess.Popen(["/usr/bin/strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                   f"inject={call}:error=ENOSPC:when={number}",
                                   *(f"--attach={thread}" for thread in threads)],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(AssertionError):
            waiting.until(lambda: self.is_traced_by(tracer.pid), "strace has attached to every thread", 3)
            return tracer
        tracer.terminate()
        tracer.wait(10)
        return None

    def is_traced_by(self, pid):
        for path in glob.glob(f"/proc/{self.reeved.pid}/task/*/status"):
            try:
                with open(path, encoding="ascii") as status:
                    if f"TracerPid:\t{pid}\n" not in status.read():
                        return False
            except FileNotFoundError:
                continue
        return True

    def attempt_of_daemon(self, call, number):
        """The error of a start, None for none. Tried again when a thread took part that strace did not know."""
        for _ in range(5):
            error, known = self.try_of_daemon(call, number)
            if error is not None or known:
                break
        return error

    def try_of_daemon(self, call, number):
        with self.daemon_fails(call, number) as tracer:
            try:
                self.client.start("web1", timeout=40)
                error = None
            except api.grpc.RpcError as caught:
                error = f"{api.reason(caught)}: {caught.details()}"
            known = self.is_traced_by(tracer.pid)
        state = api.state(self.client.get("web1"))
        if error is not None:
            self.assertEqual(state, "SHUTOFF", error)
        elif state == "RUNNING":
            self.client.verb("Destroy", "web1")
        waiting.until(lambda: not self.before.beyond(),
                      f"nothing left of a start whose {call} {number} failed in the daemon: {self.before.beyond()}")
        return error, known

    def daemon_fails_each(self, calls, least):
        self.assertIsNone(self.attempt(), "a start without faults")
        errors = []
        for call in calls:
            harmless = 0
            for number in range(1, MOST + 1):
                with self.subTest(call=call, number=number):
                    error = self.attempt_of_daemon(call, number)
                    if error is not None:
                        errors.append(error)
                    harmless = harmless + 1 if error is None else 0
                    print(f"    {call} {number}: {error}", flush=True)
                if harmless == 3:
                    break
        self.assertGreaterEqual(len(errors), least)
        self.assertIsNone(self.attempt(), "a start after all faults")

    def test_the_daemons_files(self):
        self.daemon_fails_each(DAEMON_FILES, 10)

    def test_the_daemons_processes(self):
        for call in DAEMON_SUPERVISOR:
            with self.subTest(call=call):
                self.assertIn("start the supervisor", self.attempt_of_daemon(call, "1+") or "no error")
                self.assertIsNone(self.attempt_of_daemon(call, 1), "tried a second time")
        self.assertIsNone(self.attempt_of_daemon("clone3", "1+"), "by vfork")
        self.daemon_fails_each(DAEMON_PROCESSES, 4)

    def test_the_daemons_records(self):
        self.daemon_fails_each(DAEMON_RECORDS, 2)

    def test_mounts(self):
        self.fail_each(MOUNTS, 40)

    def test_files(self):
        self.fail_each(FILES, 40)

    def test_processes_and_interfaces(self):
        self.fail_each(PROCESSES, 10)

    def test_messages(self):
        self.fail_each(MESSAGES, 10)

    def test_descriptors_that_are_passed(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.descriptors = [writing]
        self.fail_each(PASSING, 3)
        # Neither the daemon nor anything that a failed start has left holds the caller's end.
        os.close(writing)
        self.assertEqual(os.read(reading, 100), b"")

    def test_privileges(self):
        self.fail_each(PRIVILEGES, 5)
