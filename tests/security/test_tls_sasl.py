"""Clients without a certificate, and SASL over TLS: who gets in by what, and how long and how many may wait."""

import os
import subprocess
import time

import scram
from tls_lab import TlsTest, api, certificates, environment, waiting

OPTIONAL = "client_certificate = 'optional'"


def auth(proof, mechanisms=("SCRAM-SHA-256", "PLAIN", "EXTERNAL"), more=""):
    return f"[auth]\ntls = '{proof}'\nsasl_mechanisms = {list(mechanisms)}\nfailure_milliseconds = 1\n{more}"


class SaslOverTls(TlsTest):

    def serve_sasl(self, proof="sasl", tls=OPTIONAL, more="", **options):
        reeved = self.serve(tls, limits=auth(proof, more=more), start=False, **options)
        for user in ("alice", "bob"):
            subprocess.run([environment.REEVE, "user", "add", user, "--clear-text", "--root", reeved.root],
                           input=f"secret of {user}\n", text=True, check=True, timeout=30, stdout=subprocess.DEVNULL)
        reeved.start()
        return reeved

    def client_of(self, reeved, pair=None):
        """An ordinary gRPC client, with a certificate or none."""
        certificate = (pair.key_pem(), pair.certificate_pem()) if pair else ()
        client = api.Client(f"localhost:{self.port(reeved)}",
                            api.grpc.ssl_channel_credentials(self.ca.certificate_pem(), *certificate))
        reeved._clients.append(client)  # pylint: disable=protected-access
        return client

    def session(self, client):
        return client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)

    def plain(self, client, user, password):
        return client.session.StartAuthentication(scram.START(
            mechanism="PLAIN", initial_response=f"\0{user}\0{password}".encode()), timeout=30).session

    def test_a_client_without_a_certificate_is_nobody(self):
        reeved = self.serve_sasl()
        client = self.client_of(reeved)
        session = self.session(client)
        self.assertFalse(session.authenticated)
        self.assertTrue(session.encrypted)
        self.assertEqual((session.certificate_subject, session.uid, session.user, len(session.roles)), ("", 0, "", 0))
        self.assertTrue(session.identity.startswith("unknown at 127.0.0.1:"), session.identity)
        self.assertEqual(list(session.mechanisms), ["SCRAM-SHA-256", "PLAIN"])  # no EXTERNAL without a certificate
        answered = 0
        for method in api.method_descriptors():
            free = method.GetOptions().Extensions[api.options_pb2.scope] == api.options_pb2.SCOPE_SESSION
            answered += free
            with self.subTest(api.path(method)):
                self.assertEqual(api.reason(api.call_raw(client.channel, method, b"\xff\xff\xff\xff")),
                                 "REQUEST_MALFORMED" if free else "AUTHENTICATION_REQUIRED")
        self.assertEqual(answered, 5)

    def test_scram_and_plain_let_in_and_wrong_passwords_do_not(self):
        reeved = self.serve_sasl()
        client = self.client_of(reeved)
        session = scram.authenticate(client, "alice", "secret of alice")
        self.assertEqual((session.identity, session.sasl_mechanism), ("sasl:alice", "SCRAM-SHA-256"))
        client.list()
        other = self.client_of(reeved)
        with self.fails("AUTHENTICATION_FAILED"):
            self.plain(other, "bob", "secret of alice")
        self.assertEqual(self.plain(other, "bob", "secret of bob").identity, "sasl:bob")
        other.list()
        # A Unix client is offered no PLAIN: with it the password itself goes over the line.
        self.assertEqual(list(self.session(reeved.client()).mechanisms), [])

    def test_external_is_the_certificate(self):
        reeved = self.serve_sasl()
        client = self.client_of(reeved, self.alice)
        self.assertIn("EXTERNAL", self.session(client).mechanisms)
        with self.fails("AUTHENTICATION_REQUIRED"):
            client.list()
        step = client.session.StartAuthentication(scram.START(mechanism="EXTERNAL", initial_response=b""), timeout=30)
        self.assertEqual(step.session.identity, "sasl:CN=alice,O=Example")
        client.list()
        # Nobody may be somebody else by it.
        other = self.client_of(reeved, self.alice)
        with self.fails("AUTHENTICATION_FAILED"):
            other.session.StartAuthentication(scram.START(mechanism="EXTERNAL", initial_response=b"root"), timeout=30)

    def test_both_are_needed_where_both_are_wanted(self):
        reeved = self.serve_sasl("certificate+sasl")
        without = self.client_of(reeved)
        self.assertEqual(list(self.session(without).mechanisms), [])
        with self.fails("MECHANISM_NOT_OFFERED"):
            scram.start(without, "alice")
        both = self.client_of(reeved, self.alice)
        session = scram.authenticate(both, "bob", "secret of bob")
        self.assertEqual((session.identity, session.certificate_subject), ("sasl:bob", "CN=alice,O=Example"))
        both.list()

    def test_a_certificate_is_still_judged(self):
        reeved = self.serve_sasl()
        self.assertEqual(self.probe(reeved, self.context()), "in")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")
        expired = self.ca.client(begin=-2 * certificates.DAY, end=-certificates.DAY)
        self.assertEqual(self.probe(reeved, self.context(expired)), "certificate_expired")

    def test_without_other_means_such_a_client_can_do_nothing(self):
        reeved = self.serve(OPTIONAL)
        client = self.client_of(reeved)
        self.assertEqual(list(self.session(client).mechanisms), [])
        with self.fails("AUTHENTICATION_REQUIRED"):
            client.list()
        self.client_of(reeved, self.alice).list()

    def test_waiting_is_limited_in_time_and_number(self):
        reeved = self.serve_sasl(more="seconds = 2\nwaiting_clients = 3\n")
        began = time.monotonic()
        waiting_ones = [self.connect(reeved, self.context()) for _ in range(3)]
        try:
            self.await_log(reeved, "listening for TLS")
            waiting.until(lambda: len(reeved.client().admin.ListClients(
                api.admin_service_pb2.ListClientsRequest()).clients) >= 4, "three clients to wait")
            late = self.connect(reeved, self.context())
            self.assertEqual(self.drained(late), b"")
            late.close()
            self.await_log(reeved, "too many clients have not yet authenticated")
            # Who has a certificate is not kept out by them where it is enough, and who has authenticated does not count.
            for one in waiting_ones:
                self.assertEqual(self.drained(one), b"")
            self.assertLess(time.monotonic() - began, 15)
            self.await_log(reeved, "has not authenticated in time", count=3)
        finally:
            for one in waiting_ones:
                one.close()
        client = self.client_of(reeved)
        scram.authenticate(client, "alice", "secret of alice")
        client.list()

    def drained(self, connection):
        """Waits for the end of a connection; nothing but HTTP/2's own frames come before it. b"" stands for the end."""
        connection.settimeout(10)
        while True:
            data = connection.recv(4096)
            if not data:
                return data

    def test_one_address_has_not_more_clients_than_one_user(self):
        reeved = self.serve(OPTIONAL, limits="clients_per_user = 4\n[auth]\nwaiting_clients = 50")
        connections = [self.connect(reeved, self.context()) for _ in range(5)]
        try:
            self.await_log(reeved, "from 127.0.0.1 has 4 clients", "limit for one user")
        finally:
            for one in connections:
                one.close()

    def test_one_address_cannot_fill_the_places_of_those_who_wait(self):
        reeved = self.serve_sasl(more="waiting_clients = 8\n")
        connections = [self.connect(reeved, self.context()) for _ in range(5)]
        try:
            self.await_log(reeved, "too many clients have not yet authenticated")
            waiting.until(lambda: len(reeved.client().admin.ListClients(
                api.admin_service_pb2.ListClientsRequest()).clients) == 5, "four of them, and the one who asks")
        finally:
            for one in connections:
                one.close()

    def test_the_command_line_without_a_certificate(self):
        reeved = self.serve_sasl()
        folder = environment.temporary_folder()
        with open(folder + "/cacert.pem", "wb") as file:
            file.write(self.ca.certificate_pem())
        path = folder + "/auth.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write("[credentials-a]\nusername=alice\npassword=secret of alice\n[auth-reeve-localhost]\ncredentials=a\n")
        os.chmod(path, 0o600)
        uri = f"test+tls://localhost:{self.port(reeved)}/default?pkipath={folder}&authfile={path}"
        for more in ("", "&auth=sasl.PLAIN", "&auth=sasl.SCRAM-SHA-256"):
            done = subprocess.run([environment.REEVE, "-c", uri + more, "auth", "whoami"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                  env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("sasl:alice", done.stdout)
        log = self.whole_log(reeved)
        self.assertNotIn("secret of", log)
