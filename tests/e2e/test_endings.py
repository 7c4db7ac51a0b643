"""Every way a guest can end is seen at once and told apart."""

import contextlib
import os
import signal
import subprocess
import time

import guests
import processes
import waiting
from harness import EndToEnd, api


class Endings(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def run_guest(self, name="g", **options):
        self.client.define(guests.xml(name, self.root, **options))
        watch = self.client.watch()
        watch.wait_snapshot()
        return self.client.start(name), watch

    def end_of(self, watch, name="g"):
        _, event = watch.wait_event(name, "STOPPED", timeout=15)
        return api.event_pb2.EventDetail.Name(event.detail)[len("EVENT_DETAIL_STOPPED_"):], event, self.client.get(name)

    def test_init_exits_with_zero(self):
        _, watch = self.run_guest(script="exit 0")
        detail, event, domain = self.end_of(watch)
        self.assertEqual((detail, api.state_reason(domain)), ("SHUTDOWN", "SHUTDOWN"))
        self.assertEqual(event.cause, api.event_pb2.EVENT_CAUSE_GUEST)
        self.assertTrue(domain.status.last_exit.HasField("code"))
        self.assertEqual(domain.status.last_exit.code, 0)

    def test_init_exits_with_an_error(self):
        _, watch = self.run_guest(script="exit 23")
        detail, _, domain = self.end_of(watch)
        self.assertEqual((detail, api.state_reason(domain)), ("CRASHED", "CRASHED"))
        self.assertEqual(domain.status.last_exit.code, 23)

    def test_init_is_killed_and_the_event_comes_at_once(self):
        started, watch = self.run_guest()
        begin = time.monotonic()
        os.kill(started.status.id, signal.SIGKILL)
        detail, event, domain = self.end_of(watch)
        print(f"    init killed -> event and state: {1000 * (time.monotonic() - begin):.1f} ms")
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual((detail, api.state_reason(domain)), ("CRASHED", "CRASHED"))
        self.assertEqual(domain.status.last_exit.signal, signal.SIGKILL)
        self.assertIn("9", event.message)

    def test_the_supervisor_is_killed_and_the_guest_ends_with_it(self):
        started, watch = self.run_guest()
        os.kill(started.status.supervisor_pid, signal.SIGKILL)
        detail, event, domain = self.end_of(watch)
        self.assertEqual((detail, api.state_reason(domain)), ("FAILED", "SUPERVISOR_LOST"))
        self.assertEqual(event.cause, api.event_pb2.EVENT_CAUSE_EXTERNAL)
        self.assertFalse(processes.exists(started.status.id))
        self.assertEqual(self.before.beyond(), [])
        self.client.start("g")  # and it starts again
        self.client.verb("Destroy", "g")

    def test_out_of_memory(self):
        _, watch = self.run_guest(init=["/usr/bin/tail", "/dev/zero"], memory_kib=16384)
        detail, event, domain = self.end_of(watch)
        self.assertEqual((detail, api.state_reason(domain)), ("OUT_OF_MEMORY", "OUT_OF_MEMORY"))
        self.assertEqual(event.cause, api.event_pb2.EVENT_CAUSE_OUT_OF_MEMORY)

    def test_power_off_from_inside(self):
        _, watch = self.run_guest(script="poweroff -f")
        detail, _, _ = self.end_of(watch)
        self.assertEqual(detail, "SHUTDOWN")

    def test_processes_of_the_guest_end_with_init(self):
        started, watch = self.run_guest(script="setsid sleep 1000 & setsid sleep 1000 & echo ready; exec sleep 1000")
        self.client.console("g").wait_output(b"ready")
        family = processes.descendants([started.status.id])
        self.assertGreaterEqual(len(family), 3)
        os.kill(started.status.id, signal.SIGKILL)
        self.end_of(watch)
        self.assertEqual([pid for pid in family if processes.exists(pid)], [])

    def test_a_guest_that_ends_and_starts_many_times_leaves_nothing(self):
        self.client.define(guests.xml("again", self.root))
        self.client.start("again")
        self.client.verb("Destroy", "again")
        with self.flat(self.reeved):
            for _ in range(25):
                self.client.start("again")
                self.client.verb("Destroy", "again")
        self.assertEqual(self.before.beyond(), [])

    @contextlib.contextmanager
    def held(self, pid):
        """A process that cannot end: a debugger that stands still is to be told of it first (PTRACE_EVENT_EXIT, ptrace(2))."""
        if not os.path.exists("/usr/bin/strace"):
            self.skipTest("strace is not installed")
        debugger = subprocess.Popen(["/usr/bin/strace", "-f", "-o", "/dev/null", "-p", str(pid)], stderr=subprocess.DEVNULL)
        try:
            waiting.until(lambda: processes.status(pid)["TracerPid"] == str(debugger.pid), "it is traced")
            os.kill(debugger.pid, signal.SIGSTOP)
            waiting.until(lambda: processes.status(debugger.pid)["State"].startswith("T"), "the debugger stands still")
            yield
        finally:
            debugger.kill()
            debugger.wait()

    def start_is_refused(self):
        with self.assertRaises(api.grpc.RpcError) as caught:
            self.client.start("g")
        self.assertEqual(api.reason(caught.exception), "START_FAILED")
        self.assertIn("remove what is left of the run before", caught.exception.details())

    def test_a_process_that_cannot_end_keeps_the_next_start_back_and_not_for_ever(self):
        started, _ = self.run_guest()
        with self.held(started.status.id):
            self.client.verb("Destroy", "g")
            self.assertEqual(api.state(self.client.get("g")), "SHUTOFF")
            self.start_is_refused()
        self.client.start("g")
        self.client.verb("Destroy", "g")

    def test_the_end_of_a_guest_with_such_a_process_is_told(self):
        started, watch = self.run_guest()
        with self.held(started.status.id):
            os.kill(started.status.supervisor_pid, signal.SIGKILL)
            detail, _, domain = self.end_of(watch)
            self.assertEqual((detail, api.state_reason(domain)), ("FAILED", "SUPERVISOR_LOST"))
            self.start_is_refused()
        self.client.start("g")
        self.client.verb("Destroy", "g")
