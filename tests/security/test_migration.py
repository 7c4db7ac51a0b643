"""A domain moves between two daemons, over TLS and unix: with the caller's authorisation at both, cut off at each step, and
with either daemon killed on the way. The guests of the test driver end with their daemon: what must hold is that none runs
twice, and that both ends say the same."""

import json
import os
import socket

import guests
from tls_lab import TlsTest, api, certificates, waiting

NAME = "hypervisors/test/domains/web1"
messages = api.migration_service_pb2


class Migration(TlsTest):

    def setUp(self):
        super().setUp()
        self.here, self.there = self.host("host1"), self.host("host2")
        self.source, self.destination = self.here.client(), self.there.client()
        self.files = self.client_files()
        self.source.define(guests.test_xml("web1"), parent=api.TEST)
        self.source.start(NAME)

    def host(self, name, **options):
        """A daemon with a certificate of its own to go to others with."""
        # Of its own, so that the other finds it again when it has been started anew.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        reeved = self.serve(port=port, limits="[audit]\ntarget = 'file'", **options)
        folder = self.pki(reeved, "reeve/migration")
        certificates.replace(f"{folder}/cacert.pem", self.ca.certificate_pem())
        self.ca.client(f"O=Example,CN={name}").write(f"{folder}/clientcert.pem", f"{folder}/clientkey.pem")
        return reeved

    def uri(self, folder=None, there=None):
        return f"test+tls://localhost:{self.port(there or self.there)}/default?pkipath={folder or self.files}"

    def migrate(self, *arguments, uri=None, check=True):
        return self.here.cli("migrate", "web1", uri or self.uri(), *arguments, uri="test", check=check)

    @staticmethod
    def state(client):
        try:
            domain = client.get(NAME)
        except api.grpc.RpcError as error:
            return api.reason(error)
        return api.state(domain), api.state_reason(domain)

    def await_state(self, client, *expected):
        waiting.until(lambda: self.state(client) == expected, f"{expected}, not {self.state(client)}", 20)

    def running(self):
        """How many of the guest run."""
        return [self.state(client)[0] for client in (self.source, self.destination)].count("RUNNING")

    @staticmethod
    def wedge(client, on):
        client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=NAME, wedged=on))

    def begin(self, *arguments):
        """A migration that hangs in the middle of the memory; returns its operation."""
        self.wedge(self.source, True)
        operation = json.loads(self.migrate("--live", "--detach", "--output", "json", *arguments).stdout)["name"]
        waiting.until(lambda: self.operation(operation)["percent"] >= 50, "the memory is on its way")
        return operation

    def begin_to_hand_over(self, *arguments):
        """A migration that hangs when the guest has been handed over, before it runs."""
        operation = self.begin(*arguments)
        self.wedge(self.destination, True)
        self.wedge(self.source, False)
        waiting.until(lambda: self.operation(operation)["percent"] >= 95, "the guest is handed over")
        self.await_state(self.source, "PAUSED", "MIGRATING")
        return operation

    def operation(self, name):
        one = json.loads(self.here.cli("--output", "json", "operation", "show", name, uri="test").stdout)
        return {"percent": 0, **one}

    def ended(self, operation):
        return self.here.cli("operation", "wait", operation, uri="test", check=False)

    def idle(self, client):
        waiting.until(lambda: not client.operations.ListOperations(
            api.operation_service_pb2.ListOperationsRequest(running=True), timeout=10).operations, "all jobs have ended")

    def restart(self, reeved):
        reeved.start()
        return reeved.client()

    def kill(self, reeved):
        reeved.kill()
        reeved.close_clients()

    def stub(self, reeved, pair=None):
        return api.migration_service_pb2_grpc.MigrationServiceStub(self.channel(reeved, pair).channel)

    # What works.

    def test_a_domain_moves(self):
        self.assertIn("Domain 'web1' migrated", self.migrate("--live").stdout)
        self.assertEqual(self.state(self.source), ("SHUTOFF", "MIGRATED_AWAY"))
        self.assertEqual(self.state(self.destination), ("RUNNING", "MIGRATED"))
        self.assertFalse(self.destination.get(NAME).status.persistent)
        # Who asked for it stands in the events of both.
        for client, type_, detail, who in ((self.source, "SUSPENDED", "SUSPENDED_MIGRATED", "unix:root"),
                                           (self.source, "STOPPED", "STOPPED_MIGRATED", "unix:root"),
                                           (self.destination, "STARTED", "STARTED_MIGRATED", "alice")):
            _, event = client.watch(start_revision=1).wait_event(NAME, type_, detail)
            self.assertIn(who, event.requestor)
            self.assertTrue(event.operation)

    def test_with_its_definition_and_suspended(self):
        self.migrate("--persistent", "--undefine-source", "--paused")
        self.assertEqual(self.state(self.source), "DOMAIN_NOT_FOUND")
        self.assertEqual(self.state(self.destination)[0], "PAUSED")
        self.assertTrue(self.destination.get(NAME).status.persistent)
        self.destination.verb("Resume", NAME)

    def test_as_virsh_is_called(self):
        self.here.cli("migrate", "--live", "--persistent", "--undefinesource", "--suspend", "web1", self.uri(), uri="test")
        self.assertEqual(self.state(self.source), "DOMAIN_NOT_FOUND")
        self.assertEqual(self.state(self.destination)[0], "PAUSED")

    def test_the_command_line(self):
        self.here.cli("migrate", "web1", "--to", self.uri(), uri="test")
        self.assertEqual(self.running(), 1)
        for arguments in (("migrate", "web1"), ("migrate", "web1", self.uri(), "--to", self.uri())):
            done = self.here.cli(*arguments, uri="test", check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("destination", done.stderr)

    def test_there_and_back(self):
        run_time = self.source.get(NAME, api.domain_service_pb2.DOMAIN_VIEW_STATS).statistics.cpu_time_ns
        self.migrate()
        self.there.cli("migrate", "web1", self.uri(there=self.here), "--live", uri="test")
        self.assertEqual(self.state(self.source), ("RUNNING", "MIGRATED"))
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        # It is the same guest, which has gone on.
        self.assertGreaterEqual(
            self.source.get(NAME, api.domain_service_pb2.DOMAIN_VIEW_STATS).statistics.cpu_time_ns, run_time)

    def test_the_audit_files_have_both_ends(self):
        self.migrate()
        for reeved, method in ((self.here, "MigrateDomain"), (self.there, "PrepareMigration"),
                               (self.there, "ReceiveDomain")):
            with self.subTest(method):
                path = os.path.join(reeved.root, "var/log/reeve/audit.log")

                def records(path=path, method=method):
                    with open(path, encoding="utf-8") as file:
                        return [one for one in map(json.loads, file) if one["method"].endswith("/" + method)]

                waiting.until(records, f"a record of {method}", 10)
                self.assertEqual([one["outcome"] for one in records()], ["AUDIT_OUTCOME_DONE"])

    def test_over_unix_sockets(self):
        self.migrate(uri=f"test+unix:///default?socket={self.there.socket()}")
        self.assertEqual(self.state(self.destination), ("RUNNING", "MIGRATED"))
        self.assertEqual(self.running(), 1)

    def test_the_source_needs_no_role_at_the_destination(self):
        there = self.host("host3", tls="[[auth.binding]]\nrole = 'administrator'\ncertificate = 'CN=alice,O=Example'\n")
        self.migrate(uri=self.uri(there=there))
        self.assertEqual(self.state(there.client()), ("RUNNING", "MIGRATED"))

    # What is cut off.

    def test_cancelled(self):
        operation = self.begin()
        self.here.cli("operation", "cancel", operation, uri="test")
        self.assertIn("cancelled", self.ended(operation).stderr)
        self.wedge(self.source, False)
        self.assertEqual(self.state(self.source)[0], "RUNNING")
        self.idle(self.destination)
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        self.migrate()
        self.assertEqual(self.running(), 1)

    def test_cancelled_at_the_destination(self):
        operation = self.begin()
        [incoming] = self.destination.operations.ListOperations(
            api.operation_service_pb2.ListOperationsRequest(running=True), timeout=10).operations
        self.there.cli("operation", "cancel", incoming.name, uri="test")
        self.wedge(self.source, False)
        self.assertNotEqual(self.ended(operation).returncode, 0)
        self.idle(self.destination)
        self.assertEqual(self.running(), 1)
        self.assertEqual(self.state(self.source)[0], "RUNNING")

    def test_the_destination_is_killed_while_memory_is_copied(self):
        operation = self.begin()
        self.kill(self.there)
        self.wedge(self.source, False)
        self.assertNotEqual(self.ended(operation).returncode, 0)
        self.assertEqual(self.state(self.source)[0], "RUNNING")
        self.destination = self.restart(self.there)
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        self.migrate()
        self.assertEqual(self.state(self.destination), ("RUNNING", "MIGRATED"))
        self.assertEqual(self.running(), 1)

    def test_the_source_is_killed_while_memory_is_copied(self):
        self.begin()
        self.kill(self.here)
        self.idle(self.destination)
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        self.source = self.restart(self.here)
        self.assertEqual(self.state(self.source), ("SHUTOFF", "VANISHED"))
        self.source.start(NAME)
        self.migrate()
        self.assertEqual(self.running(), 1)

    def test_the_destination_is_killed_behind_the_hand_over(self):
        operation = self.begin_to_hand_over()
        self.kill(self.there)
        ended = self.ended(operation)
        self.assertIn("stands still here until the destination has said so", ended.stderr)
        self.assertEqual(self.state(self.source), ("PAUSED", "MIGRATING"))
        # Its guest has gone with it, before it ran: the source is told so, and its guest runs on.
        self.destination = self.restart(self.there)
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        self.await_state(self.source, "RUNNING", "UNPAUSED")
        self.source.watch(start_revision=1).wait_event(NAME, "RESUMED", "RESUMED_UNPAUSED")
        self.migrate()
        self.assertEqual(self.running(), 1)

    def test_the_source_is_killed_behind_the_hand_over(self):
        self.begin_to_hand_over("--undefine-source", "--persistent")
        self.kill(self.here)
        self.wedge(self.destination, False)
        self.await_state(self.destination, "RUNNING", "MIGRATED")
        # It asks, is told that the guest has moved, and does what was asked of it.
        self.source = self.restart(self.here)
        waiting.until(lambda: self.state(self.source) == "DOMAIN_NOT_FOUND", "the source has asked", 20)
        self.source.watch(start_revision=1).wait_event(NAME, "STOPPED", "STOPPED_MIGRATED")
        self.assertEqual(self.running(), 1)

    def test_both_are_killed_behind_the_hand_over(self):
        self.begin_to_hand_over()
        self.kill(self.here)
        self.wedge(self.destination, False)
        self.await_state(self.destination, "RUNNING", "MIGRATED")
        self.kill(self.there)
        # What the destination had stored it says also when it comes back.
        self.destination = self.restart(self.there)
        self.source = self.restart(self.here)
        self.await_state(self.source, "SHUTOFF", "MIGRATED_AWAY")
        self.assertEqual(self.running(), 0)  # guests of the test driver end with their daemon

    def test_a_source_that_ends_well_leaves_nothing_undecided(self):
        self.begin_to_hand_over()
        self.wedge(self.destination, False)
        self.assertEqual(self.here.stop(), 0)
        self.await_state(self.destination, "RUNNING", "MIGRATED")
        self.source = self.restart(self.here)
        self.await_state(self.source, "SHUTOFF", "MIGRATED_AWAY")

    # What is refused.

    def test_what_is_refused(self):
        stranger = self.client_files(pair=certificates.Authority().client())
        self.assertNotEqual(self.migrate(uri=self.uri(stranger), check=False).returncode, 0)
        # The daemon goes with files of its own: which is not for callers to say, nor whom it trusts.
        for parameter in (f"pkipath={self.files}", "no_verify=1", "no_sanity=1"):
            uri = f"test+tls://localhost:{self.port(self.there)}/default?{parameter}"
            self.assertIn("which is for the daemon's administrator to decide",
                          self.migrate("--migrateuri", uri, check=False).stderr)
        done = self.migrate("--migrateuri", "test+ssh://localhost/default", check=False)
        self.assertIn("must be of transport tls or unix", done.stderr)
        self.assertEqual(self.state(self.source)[0], "RUNNING")
        self.destination.define(guests.test_xml("web1"), parent=api.TEST)
        self.assertIn("another domain of this name", self.migrate(check=False).stderr)

    def test_a_daemon_whose_certificate_is_not_trusted_or_missing(self):
        folder = self.pki(self.here, "reeve/migration")
        certificates.Authority().client().write(f"{folder}/clientcert.pem", f"{folder}/clientkey.pem")
        self.assertIn("connect to the destination", self.migrate(check=False).stderr)
        os.unlink(f"{folder}/clientkey.pem")
        self.assertIn("no certificate to go to other daemons with", self.migrate(check=False).stderr)
        # Nor does it trust a destination whose certificate another authority has signed.
        self.ca.client("O=Example,CN=host1").write(f"{folder}/clientcert.pem", f"{folder}/clientkey.pem")
        certificates.replace(f"{folder}/cacert.pem", certificates.Authority().certificate_pem())
        self.assertIn("connect to the destination", self.migrate(check=False).stderr)
        self.assertEqual(self.state(self.source)[0], "RUNNING")
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")

    def test_drivers_that_cannot(self):
        with self.fails("UNSUPPORTED_BY_DRIVER"):
            self.stub(self.there).PrepareMigration(messages.PrepareMigrationRequest(
                name="hypervisors/lxc/domains/web1", uid=self.source.get(NAME).uid), timeout=10)

    def test_a_stream_without_a_ticket_is_refused(self):
        stub = self.stub(self.there)
        start = messages.MigrationMessage(start=messages.MigrationStart(ticket_id="x", ticket_secret="y"))
        for first, reason in ((start, "TOKEN_REFUSED"), (messages.MigrationMessage(go=True), "REQUEST_INVALID"),
                              (messages.MigrationMessage(memory=b"x"), "REQUEST_INVALID")):
            with self.fails(reason):
                list(stub.ReceiveDomain(iter([first]), timeout=10))
        with self.fails("TOKEN_REFUSED"):
            stub.SettleMigration(messages.SettleMigrationRequest(ticket_id="x", ticket_secret="y"), timeout=10)

    def test_a_hostile_source(self):
        """With a good ticket: memory that is none, a specification that is bad, messages out of order."""
        stub = self.stub(self.there)

        def receive(*following, **fields):
            ticket = stub.PrepareMigration(messages.PrepareMigrationRequest(
                name=NAME, uid=self.source.get(NAME).uid), timeout=10)
            start = messages.MigrationStart(ticket_id=ticket.id, ticket_secret=ticket.secret, **fields)
            stream = stub.ReceiveDomain(iter([messages.MigrationMessage(start=start), *following]), timeout=20)
            return list(stream)

        memory = messages.MigrationMessage(memory=b"x" * 1000)
        end = messages.MigrationMessage(memory_end=True)
        with self.fails("IMAGE_INVALID"):
            receive(memory, end)
        with self.fails("REQUEST_INVALID"):
            receive(messages.MigrationMessage(memory=b"x" * ((1 << 20) + 1)))
        with self.fails("REQUEST_INVALID"):
            receive(messages.MigrationMessage(go=True))
        with self.assertRaises(api.grpc.RpcError):
            receive(memory)  # and the client's end
        with self.fails("SPEC_INVALID"):
            receive(end, spec=api.domain_pb2.Domain().spec.__class__(vcpus=1 << 30))
        self.idle(self.destination)
        self.assertEqual(self.state(self.destination), "DOMAIN_NOT_FOUND")
        self.migrate()

    def test_a_viewer_prepares_nothing(self):
        there = self.serve(tls="[[auth.binding]]\nrole = 'viewer'\ncertificate = 'CN=alice,O=Example'\n")
        with self.fails("PERMISSION_DENIED"):
            self.stub(there).PrepareMigration(
                messages.PrepareMigrationRequest(name=NAME, uid=self.source.get(NAME).uid), timeout=10)
