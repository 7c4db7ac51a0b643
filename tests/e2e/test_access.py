"""Who is there, and what may they do."""

import os
import subprocess

import guests
from harness import EndToEnd, api


class Access(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def test_every_writing_method_is_refused_on_the_read_only_socket(self):
        self.client.define(guests.test_xml("seen"), parent=api.TEST)
        reader = self.reeved.client(read_only=True)
        self.assertEqual([domain.name for domain in reader.list().domains], ["hypervisors/test/domains/seen"])
        refused = 0
        for method, writes in api.methods():
            if not writes:
                continue
            # An empty request: refused before it is looked at, so its content cannot matter.
            call = reader.channel.unary_unary(method)
            with self.subTest(method), self.fails("CONNECTION_READ_ONLY"):
                call(b"", timeout=10)
            refused += 1
        self.assertGreater(refused, 15)
        self.assertEqual(len(self.client.list().domains), 1)

    def test_the_session_is_what_the_kernel_says(self):
        session = self.client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertEqual((session.uid, session.gid, session.pid), (os.getuid(), os.getgid(), os.getpid()))
        self.assertIn("python3", session.command)
        self.assertFalse(session.encrypted)
        self.assertTrue(session.secure)
        reader = self.reeved.client(read_only=True)
        self.assertTrue(reader.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10).read_only)

    def test_admin_clients_shows_who_is_connected_and_throws_out(self):
        watch = self.client.watch()
        watch.wait_snapshot()
        other = self.reeved.client()
        clients = other.admin.ListClients(api.admin_service_pb2.ListClientsRequest(), timeout=10).clients
        self.assertEqual(len(clients), 2)
        self.assertEqual({client.session.pid for client in clients}, {os.getpid()})
        watching = next(client for client in clients if client.calls_in_flight == 1 and client.calls == 2)
        other.admin.DisconnectClient(api.admin_service_pb2.DisconnectClientRequest(
            connection=watching.session.connection), timeout=10)
        self.assertIsNotNone(watch.wait_end())
        with self.fails("CLIENT_NOT_FOUND"):
            other.admin.DisconnectClient(api.admin_service_pb2.DisconnectClientRequest(connection=999999), timeout=10)
        table = self.reeved.cli("admin", "clients").stdout
        self.assertIn("root", table)
        self.assertIn(str(os.getpid()), table)

    def test_another_user_is_known_by_name_and_kept_from_the_read_write_socket(self):
        os.chmod(self.reeved.root, 0o755)
        program = (f"import sys; sys.path.insert(0, '{os.path.dirname(os.path.abspath(__file__))}'); import grpc\n"
                   "def call(path):\n"
                   "    with grpc.insecure_channel('unix:' + path) as channel:\n"
                   "        return channel.unary_unary('/reeve.v1.SessionService/GetSession')(b'', timeout=5)\n"
                   "print(call(sys.argv[1]))\n"
                   "try:\n    call(sys.argv[2]); print('LET IN')\n"
                   "except grpc.RpcError as error: print('refused', error.code().name)\n")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                               program, self.reeved.socket(read_only=True), self.reeved.socket()],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        self.assertIn("unix:nobody(65534)", done.stdout)
        self.assertIn("refused UNAVAILABLE", done.stdout)

    def test_health_and_reflection_are_served(self):
        health = api.health_pb2_grpc.HealthStub(self.client.channel)
        answer = health.Check(api.health_pb2.HealthCheckRequest(), timeout=10)
        self.assertEqual(answer.status, api.health_pb2.HealthCheckResponse.SERVING)
        reflection = api.reflection_pb2_grpc.ServerReflectionStub(self.client.channel)
        request = api.reflection_pb2.ServerReflectionRequest(list_services="")
        services = {one.name for answer in reflection.ServerReflectionInfo(iter([request]), timeout=10)
                    for one in answer.list_services_response.service}
        self.assertIn("reeve.v1.DomainService", services)
        self.assertIn("grpc.health.v1.Health", services)
        request = api.reflection_pb2.ServerReflectionRequest(file_containing_symbol="reeve.v1.Domain")
        files = [answer for answer in reflection.ServerReflectionInfo(iter([request]), timeout=10)]
        self.assertTrue(files[0].file_descriptor_response.file_descriptor_proto)

    def test_an_unknown_method_is_refused(self):
        with self.fails("METHOD_UNKNOWN"):
            self.client.channel.unary_unary("/reeve.v1.DomainService/Conjure")(b"", timeout=10)

    def test_a_malformed_request_is_refused(self):
        with self.fails("REQUEST_MALFORMED"):
            self.client.channel.unary_unary("/reeve.v1.DomainService/GetDomain")(b"\xff\xff\xff\xff", timeout=10)

    def test_every_client_that_goes_is_forgotten(self):
        with self.flat(self.reeved):
            for _ in range(100):
                client = self.reeved.client()
                client.list()
                client.close()
        clients = self.client.admin.ListClients(api.admin_service_pb2.ListClientsRequest(), timeout=10).clients
        self.assertLessEqual(len(clients), 2)
