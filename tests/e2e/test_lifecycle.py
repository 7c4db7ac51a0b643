"""Domains from definition to the end, as a new user goes through it."""

import os

import guests
import processes
from harness import EndToEnd, api


class Lifecycle(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def test_a_container_runs_shows_its_console_and_ends_as_asked(self):
        with self.flat(self.reeved):
            defined = self.client.define(guests.xml("web1", self.root))
            self.assertEqual(defined.name, "hypervisors/lxc/domains/web1")
            self.assertEqual(api.state(defined), "SHUTOFF")
            watch = self.client.watch()
            watch.wait_snapshot()
            started = self.client.start("web1")
            self.assertEqual((api.state(started), api.state_reason(started)), ("RUNNING", "BOOTED"))
            self.assertTrue(processes.exists(started.status.id))
            console = self.client.console("web1")
            console.wait_output(b"ready")
            self.client.verb("Shutdown", "web1")
            console.wait_output(b"asked to end")
            console.wait_end()
            _, event = watch.wait_event("web1", "STOPPED")
            self.assertEqual(event.detail, api.event_pb2.EVENT_DETAIL_STOPPED_SHUTDOWN)
            ended = self.client.get("web1")
            self.assertEqual((api.state(ended), api.state_reason(ended)), ("SHUTOFF", "SHUTDOWN"))
            self.assertEqual(ended.status.last_exit.code, 0)
            self.assertFalse(processes.exists(started.status.id))
            self.client.undefine("web1")
            watch.wait_event("web1", "UNDEFINED")
            watch.close()

    def test_the_typed_spec_does_what_the_xml_does(self):
        spec = api.domain_pb2.Domain(name="typed")
        spec.spec.title = "from a program"
        spec.spec.memory_kib = 65536
        spec.spec.os.type = "exe"
        spec.spec.os.init = "/bin/sh"
        spec.spec.os.init_arguments.extend(["-c", "echo $WHO in $(pwd) as $(id -u); exec sleep 1000"])
        spec.spec.os.init_environment.add(name="WHO", value="typed")
        spec.spec.os.init_directory = "/usr"
        spec.spec.os.init_user = "nobody"
        spec.spec.resource_partition = guests.leftovers.PARTITION
        spec.spec.devices.filesystems.add(type=1, source=self.root, target="/")
        spec.spec.devices.consoles.add(type="pty")
        created = self.client.domains.CreateDomain(api.domain_service_pb2.CreateDomainRequest(
            parent=api.LXC, domain=spec), timeout=10)
        self.assertTrue(created.uid)
        self.client.start("typed")
        self.client.console("typed").wait_output(b"typed in /usr as 65534")
        document = self.client.domains.ExportDomain(api.domain_service_pb2.ExportDomainRequest(
            name=api.name("typed"), format=1), timeout=10)
        self.assertIn("<title>from a program</title>", document.text)
        self.client.verb("Destroy", "typed")

    def test_a_document_survives_the_round_trip(self):
        self.client.define(guests.xml("trip", self.root, extra="<description>a &lt; b</description>"))
        first = self.client.domains.ExportDomain(api.domain_service_pb2.ExportDomainRequest(
            name=api.name("trip"), format=1), timeout=10).text
        updated = self.client.domains.UpdateDomain(api.domain_service_pb2.UpdateDomainRequest(
            parent=api.LXC, document=api.domain_service_pb2.Document(format=1, text=first)), timeout=10)
        second = self.client.domains.ExportDomain(api.domain_service_pb2.ExportDomainRequest(
            name=updated.name, format=1), timeout=10).text
        self.assertEqual(first, second)

    def test_destroy_leaves_nothing_and_says_so(self):
        self.client.define(guests.xml("d", self.root, script="trap '' TERM; while :; do sleep 1000; done"))
        started = self.client.start("d")
        watch = self.client.watch()
        watch.wait_snapshot()
        gone = self.client.verb("Destroy", "d")
        self.assertEqual((api.state(gone), api.state_reason(gone)), ("SHUTOFF", "DESTROYED"))
        self.assertFalse(processes.exists(started.status.id))
        self.assertEqual(self.before.beyond(), [])
        _, event = watch.wait_event("d", "STOPPED", "STOPPED_DESTROYED")
        self.assertEqual(event.cause, api.event_pb2.EVENT_CAUSE_USER)
        self.assertIn(f"({os.getuid()})", event.requestor)

    def test_suspend_freezes_and_resume_thaws(self):
        self.client.define(guests.xml("s", self.root, script="i=0; while :; do i=$((i+1)); done"))
        self.client.start("s")
        paused = self.client.verb("Suspend", "s")
        self.assertEqual((api.state(paused), api.state_reason(paused)), ("PAUSED", "USER"))
        before = self._cpu_ticks(paused.status.id)
        self.assertEqual(self._cpu_ticks(paused.status.id), before)
        with self.fails("DOMAIN_STATE"):
            self.client.verb("Suspend", "s")
        resumed = self.client.verb("Resume", "s")
        self.assertEqual((api.state(resumed), api.state_reason(resumed)), ("RUNNING", "UNPAUSED"))
        self.client.verb("Suspend", "s")
        self.client.verb("Destroy", "s")  # a frozen guest can be destroyed

    @staticmethod
    def _cpu_ticks(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[11]

    def test_started_paused_it_does_not_run_before_resume(self):
        self.client.define(guests.xml("p", self.root))
        paused = self.client.start("p", paused=True)
        self.assertEqual((api.state(paused), api.state_reason(paused)), ("PAUSED", "STARTING_UP"))
        console = self.client.console("p")
        console.wait(lambda: console.messages, "the console to open")
        self.assertNotIn(b"ready", console.output())
        self.client.verb("Resume", "p")
        console.wait_output(b"ready")

    def test_reboot_asked_for_and_by_the_guest(self):
        script = "trap 'reboot -f' HUP; echo booted as $$; while :; do sleep 1000 & wait $!; done"
        self.client.define(guests.xml("r", self.root, script=script))
        started = self.client.start("r")
        console = self.client.console("r")
        console.wait_output(b"booted")
        watch = self.client.watch()
        watch.wait_snapshot()
        self.client.verb("Reboot", "r")
        watch.wait_event("r", "REBOOTED")
        console.wait(lambda: console.output().count(b"booted") >= 2, "the second boot on the console")
        after = self.client.get("r")
        self.assertEqual(api.state(after), "RUNNING")
        self.assertNotEqual(after.status.id, started.status.id)
        self.assertEqual(after.status.run, started.status.run)
        self.client.verb("Destroy", "r")

    def test_a_transient_domain_is_gone_when_it_ends(self):
        created = self.client.define(guests.xml("t", self.root), transient=True)
        self.assertEqual(api.state(created), "RUNNING")
        self.assertFalse(created.status.persistent)
        watch = self.client.watch()
        watch.wait_snapshot()
        self.client.verb("Shutdown", "t")
        watch.wait_event("t", "STOPPED")
        with self.fails("DOMAIN_NOT_FOUND"):
            self.client.get("t")

    def test_a_running_domain_undefined_becomes_transient(self):
        self.client.define(guests.xml("u", self.root))
        self.client.start("u")
        self.client.undefine("u")
        self.assertFalse(self.client.get("u").status.persistent)
        self.client.verb("Destroy", "u")
        with self.fails("DOMAIN_NOT_FOUND"):
            self.client.get("u")

    def test_verbs_in_the_wrong_state_are_refused_and_change_nothing(self):
        self.client.define(guests.xml("w", self.root))
        for verb in ("Shutdown", "Reboot", "Destroy", "Suspend", "Resume"):
            with self.subTest(verb), self.fails("DOMAIN_STATE"):
                self.client.verb(verb, "w")
        started = self.client.start("w")
        with self.fails("DOMAIN_STATE"):
            self.client.start("w")
        operation = self.client.verb("Save", "w")
        done = self.client.operations.WaitOperation(api.operation_service_pb2.WaitOperationRequest(name=operation.name),
                                                    timeout=20)
        self.assertEqual(api.operation_reason(done), "UNSUPPORTED_BY_DRIVER")
        self.assertEqual(self.client.get("w").status.id, started.status.id)

    def test_statistics_in_one_call(self):
        self.client.define(guests.xml("stat", self.root))
        self.client.start("stat")
        self.client.define(guests.xml("off", self.root))
        listed = {domain.name: domain for domain in self.client.list(view=api.domain_service_pb2.DOMAIN_VIEW_STATS).domains}
        usage = listed[api.name("stat")].statistics
        self.assertGreater(usage.memory_bytes, 0)
        self.assertEqual(usage.memory_limit_bytes, 65536 * 1024)
        self.assertGreater(usage.tasks, 0)
        self.assertFalse(listed[api.name("off")].HasField("statistics"))


class Autostart(EndToEnd):

    def test_a_domain_with_autostart_starts_once_per_boot(self):
        reeved = self.daemon()
        client = reeved.client()
        client.define(guests.xml("auto", self.root))
        client.domains.SetDomainAutostart(api.domain_service_pb2.SetDomainAutostartRequest(
            name=api.name("auto"), autostart=True), timeout=10)
        self.assertTrue(client.get("auto").autostart)
        reeved.stop()
        reeved.forget_boot()
        reeved.start()
        client = reeved.client()
        watch = client.watch(start_revision=1)
        _, event = watch.wait_event("auto", "STARTED")
        self.assertEqual(event.cause, api.event_pb2.EVENT_CAUSE_DAEMON)
        client.verb("Destroy", "auto")
        # A second start of the daemon is no second boot of the host.
        reeved.stop()
        reeved.start()
        self.assertEqual(api.state(reeved.client().get("auto")), "SHUTOFF")
