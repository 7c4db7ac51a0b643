"""Clients without a certificate, and SASL over TLS: who gets in by what, and how long and how many may wait."""

import crypt
import os
import signal
import subprocess
import time

import guests
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
            free = api.answers_before_proof(method)
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

    def test_plain_by_saslauthd(self):
        reeved = self.serve(OPTIONAL, limits=auth("sasl", ["PLAIN"], 'sasl_passwords = "saslauthd"\n'), start=False)
        reeved.start()
        # Without it nobody comes in by a password, and the daemon says why.
        self.assertEqual(self.refusal(self.client_of(reeved), "alice", "open sesame"), "AUTHENTICATION_FAILED")
        self.saslauthd(reeved)
        client = self.client_of(reeved)
        self.assertEqual(self.plain(client, "alice", "open sesame").identity, "sasl:alice")
        client.list()
        for user, password in (("alice", "open"), ("alice", ""), ("mallory", "open sesame")):
            self.assertEqual(self.refusal(self.client_of(reeved), user, password), "AUTHENTICATION_FAILED", user)
        self.assertNotIn("open sesame", self.whole_log(reeved))

    def refusal(self, client, user, password):
        try:
            self.plain(client, user, password)
        except api.grpc.RpcError as error:
            return api.reason(error)
        return ""

    def saslauthd(self, reeved):
        """saslauthd(8) with the passwords of a host of its own: files over /etc in a mount namespace."""
        folder = environment.temporary_folder()
        secret = crypt.crypt("open sesame", crypt.mksalt(crypt.METHOD_SHA512, rounds=1000))
        for name, text in (("passwd", "root:x:0:0::/root:/bin/sh\nalice:x:5000:5000::/:/bin/sh\n"),
                           ("shadow", f"root:*:19000::::::\nalice:{secret}:19000::::::\n")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        place = os.path.join(reeved.root, "run/saslauthd")
        os.makedirs(place, exist_ok=True)
        script = ('mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow && '
                  'exec saslauthd -a shadow -n 1 -d -m "$2"')
        process = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", folder, place],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        waiting.until(lambda: os.path.exists(os.path.join(place, "mux")) or process.poll() is not None, "saslauthd listens")
        self.assertIsNone(process.poll(), "saslauthd has ended")

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

    def uri_with_credentials(self, reeved, group):
        """Of a client that has no certificate, and a name and a password in that group of a file."""
        folder = environment.temporary_folder()
        with open(folder + "/cacert.pem", "wb") as file:
            file.write(self.ca.certificate_pem())
        path = folder + "/auth.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[credentials-a]\nusername=alice\npassword=secret of alice\n[{group}]\ncredentials=a\n")
        os.chmod(path, 0o600)
        return f"test+tls://localhost:{self.port(reeved)}/default?pkipath={folder}&authfile={path}"

    def test_events_go_on_over_a_restart_and_the_client_proves_again_who_it_is(self):
        reeved = self.serve_sasl()
        port = self.port(reeved)
        watch = subprocess.Popen([environment.REEVE, "-c", self.uri_with_credentials(reeved, "auth-libvirt-localhost"), "event",
                                  "--loop", "--from", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        self.addCleanup(watch.kill)
        reeved.client().define(guests.test_xml("before"), parent=api.TEST)
        self.assertIn("before", watch.stdout.readline())
        config = os.path.join(reeved.root, "etc/reeve/reeved.toml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        reeved.restart()
        reeved.client().define(guests.test_xml("after"), parent=api.TEST)
        self.assertIn("after", watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        output, errors = watch.communicate(timeout=30)
        self.assertIn("event stream continues behind revision", errors)
        self.assertNotIn("before", output)
        self.await_log(reeved, "sasl:alice", "/reeve.v1.SessionService/", count=2)

    def test_the_command_line_without_a_certificate(self):
        reeved = self.serve_sasl()
        uri = self.uri_with_credentials(reeved, "auth-reeve-localhost")
        for more in ("", "&auth=sasl.PLAIN", "&auth=sasl.SCRAM-SHA-256"):
            done = subprocess.run([environment.REEVE, "-c", uri + more, "auth", "whoami"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                  env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("sasl:alice", done.stdout)
        log = self.whole_log(reeved)
        self.assertNotIn("secret of", log)
