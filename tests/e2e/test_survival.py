"""Guests and acknowledged changes survive the daemon."""

import os
import signal
import time

import guests
import processes
from harness import EndToEnd, api


class Survival(EndToEnd):

    def test_kill_9_with_containers_running(self):
        reeved = self.daemon()
        client = reeved.client()
        names = [f"g{i}" for i in range(5)]
        before = {}
        for name in names:
            client.define(guests.xml(name, self.root, script=f"echo i am {name}; read line; echo got $line; exec sleep 1000"))
            before[name] = client.start(name)
        client.verb("Suspend", "g4")
        watch = client.watch(start_revision=1)
        watch.wait_event("g4", "SUSPENDED")
        last = watch.messages[-1].revision
        reeved.kill()
        for name in names:
            self.assertTrue(processes.exists(before[name].status.id), f"{name} ended with the daemon")
        begin = time.monotonic()
        reeved.start()
        print(f"    ready again after {1000 * (time.monotonic() - begin):.0f} ms with {len(names)} containers")
        client = reeved.client()
        for name in names:
            after = client.get(name)
            self.assertEqual(after.status.id, before[name].status.id, name)
            self.assertEqual(after.status.run, before[name].status.run, name)
            self.assertEqual(api.state(after), "PAUSED" if name == "g4" else "RUNNING", name)
        console = client.console("g0")
        console.write(b"after the restart\n")
        console.wait_output(b"got after the restart")
        resumed = client.watch(start_revision=last + 1)
        client.verb("Destroy", "g1")
        resumed.wait_event("g1", "STOPPED", "STOPPED_DESTROYED")
        for name in ("g0", "g2", "g3", "g4"):
            client.verb("Destroy", name)

    def test_what_happened_while_the_daemon_was_dead_is_told(self):
        reeved = self.daemon()
        client = reeved.client()
        for name in ("killed", "exits", "stays"):
            client.define(guests.xml(name, self.root, script="read line; exit 7"))
        started = {name: client.start(name) for name in ("killed", "exits", "stays")}
        last = client.list().revision
        console = client.console("exits")
        console.wait(lambda: console.messages, "opened")
        reeved.kill()
        os.kill(started["killed"].status.id, signal.SIGKILL)
        processes.await_end(started["killed"].status.id)
        reeved.close_clients()
        reeved.start()
        client = reeved.client()
        watch = client.watch(start_revision=last + 1)
        watch.wait_event("killed", "STOPPED", "STOPPED_CRASHED")
        self.assertEqual(client.get("killed").status.last_exit.signal, signal.SIGKILL)
        self.assertEqual(api.state(client.get("stays")), "RUNNING")
        client.console("exits", force=True).write(b"\n")
        watch.wait_event("exits", "STOPPED", "STOPPED_CRASHED")
        self.assertEqual(client.get("exits").status.last_exit.code, 7)

    def test_the_daemon_and_the_supervisor_both_killed(self):
        reeved = self.daemon()
        client = reeved.client()
        client.define(guests.xml("b", self.root))
        started = client.start("b")
        reeved.kill()
        os.kill(started.status.supervisor_pid, signal.SIGKILL)
        processes.await_end(started.status.id)
        reeved.start()
        after = reeved.client().get("b")
        self.assertEqual(api.state(after), "SHUTOFF")
        self.assertIn(api.state_reason(after), ("SUPERVISOR_LOST", "VANISHED"))

    def test_acknowledged_definitions_are_there_after_kill_9(self):
        reeved = self.daemon()
        for round_ in range(5):
            client = reeved.client()
            acknowledged = [client.define(guests.test_xml(f"r{round_}-{i}"), parent=api.TEST).name for i in range(10)]
            reeved.kill()
            reeved.close_clients()
            reeved.start()
            listed = {domain.name for domain in reeved.client().list().domains}
            self.assertEqual([name for name in acknowledged if name not in listed], [])
        self.assertEqual(len(listed), 50)

    def test_a_stopped_daemon_leaves_guests_alone(self):
        reeved = self.daemon()
        client = reeved.client()
        client.define(guests.xml("s", self.root))
        started = client.start("s")
        self.assertEqual(reeved.stop(), 0, reeved.log())
        self.assertTrue(processes.exists(started.status.id))
        reeved.start()
        self.assertEqual(reeved.client().get("s").status.id, started.status.id)

    def test_restarts_do_not_leak(self):
        reeved = self.daemon()
        client = reeved.client()
        client.define(guests.xml("s", self.root))
        client.start("s")
        reeved.restart()
        first = reeved.resources()
        supervisor = processes.resources(reeved.client().get("s").status.supervisor_pid)
        for _ in range(5):
            reeved.restart()
        client = reeved.client()
        domain = client.get("s")
        self.assertEqual(processes.resources(domain.status.supervisor_pid)[:2], supervisor[:2])
        reeved.close_clients()
        reeved.await_descriptors(first[0])
