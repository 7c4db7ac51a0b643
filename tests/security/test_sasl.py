"""SASL on Unix sockets: who gets in, who does not, and what is told to whom."""

import os
import pty
import select
import subprocess

import callers
import environment
import guests
import kerberos
import scram
import waiting
from harness import EndToEnd, api

CONFIG = """
[auth]
unix = "sasl"
unix_read_only = "sasl"
sasl_mechanisms = ["SCRAM-SHA-256", "GSSAPI", "PLAIN", "EXTERNAL"]
sasl_users = ["a*", "root", "bob"]
failure_milliseconds = 1
"""
AUDIT = '\n[audit]\ntarget = "file"\n'


class Sasl(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(start=False, config=CONFIG + AUDIT)
        for user, password in (("alice", "secret one"), ("bob", "secret two"), ("mallory", "secret three")):
            self.user("add", user, text=password + "\n")

    def user(self, *words, text=None, check=True):
        done = subprocess.run([environment.REEVE, "user", words[0], *words[1:], "--root", self.reeved.root], input=text,
                              stdin=None if text is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def start(self, config=""):
        if config:
            self.reeved.configure(config)
        self.reeved.start()
        return self.reeved.client()

    def refused(self, client, user, password):
        """The bytes with which an attempt is refused, and after how many answers."""
        steps = 0
        try:
            message, step = scram.start(client, user)
            steps = 1
            last, _ = scram.proof(message, step.challenge, password)
            client.session.ContinueAuthentication(scram.CONTINUE(response=last), timeout=30)
        except api.grpc.RpcError as error:
            self.assertEqual(api.reason(error), "AUTHENTICATION_FAILED", error.details())
            return callers.anything_of(error), steps
        raise AssertionError("let in")

    def test_nothing_but_session_methods_answers_before(self):
        client = self.start()
        answered = 0
        for method in api.method_descriptors():
            session = api.answers_before_proof(method)
            with self.subTest(api.path(method)):
                self.assertEqual(api.reason(api.call_raw(client.channel, method, b"\xff\xff\xff\xff")),
                                 "REQUEST_MALFORMED" if session else "AUTHENTICATION_REQUIRED")
            answered += session
        self.assertEqual(answered, 5)
        session = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertFalse(session.authenticated)
        self.assertEqual(list(session.mechanisms), ["SCRAM-SHA-256", "GSSAPI"])  # no PLAIN, no EXTERNAL without TLS
        self.assertEqual(len(session.roles), 0)

    def test_the_right_password_lets_in_for_this_connection(self):
        client = self.start()
        session = scram.authenticate(client, "alice", "secret one")
        self.assertEqual((session.identity, session.sasl_mechanism), ("sasl:alice", "SCRAM-SHA-256"))
        client.define(guests.test_xml("one"), parent=api.TEST)
        watch = client.watch(start_revision=1)
        _, event = watch.wait_event(api.name("one", api.TEST), "DEFINED")
        self.assertEqual(event.requestor, "sasl:alice")
        watch.close()
        # Once is enough, and another connection knows nothing of it.
        with self.fails("MECHANISM_NOT_OFFERED"):
            scram.start(client, "bob")
        other = self.reeved.client()
        with self.fails("AUTHENTICATION_REQUIRED"):
            other.list()
        client.close()
        with self.fails("AUTHENTICATION_REQUIRED"):
            self.reeved.client().list()

    def test_a_read_only_connection_stays_one(self):
        self.start()
        reader = self.reeved.client(read_only=True)
        scram.authenticate(reader, "alice", "secret one")
        reader.list()
        with self.fails("CONNECTION_READ_ONLY"):
            reader.define(guests.test_xml("one"), parent=api.TEST)

    def test_wrong_passwords_unknown_users_and_those_who_are_not_listed_are_told_the_same(self):
        self.start()
        wrong, steps = self.refused(self.reeved.client(), "alice", "secret two")
        unknown, unknown_steps = self.refused(self.reeved.client(), "anna", "secret one")
        unlisted, unlisted_steps = self.refused(self.reeved.client(), "mallory", "secret three")
        self.assertEqual((wrong, steps), (unknown, unknown_steps))
        self.assertEqual((wrong, steps), (unlisted, unlisted_steps))
        self.assertNotIn(b"alice", wrong)
        log = self.reeved.log()
        self.assertIn("user mallory is not one of auth.sasl_users", log)
        self.assertNotIn("secret", log)

    def test_mechanisms_that_are_not_offered(self):
        client = self.start()
        for name in ("PLAIN", "EXTERNAL", "DIGEST-MD5", "CRAM-MD5", "ANONYMOUS", "", "scram-sha-256", "POLKIT", "X" * 10000):
            with self.subTest(name[:20]), self.fails("MECHANISM_NOT_OFFERED"):
                client.session.StartAuthentication(scram.START(mechanism=name, initial_response=b"\0alice\0secret one"),
                                                   timeout=10)
        scram.authenticate(client, "alice", "secret one")

    def test_an_exchange_can_be_given_up_anywhere(self):
        client = self.start()
        with self.fails("AUTHENTICATION_BUSY"):
            client.session.ContinueAuthentication(scram.CONTINUE(response=b"c=biws"), timeout=10)
        scram.start(client, "alice")
        scram.start(client, "bob")  # gives the first up
        self.assertEqual(scram.authenticate(client, "alice", "secret one").sasl_user, "alice")
        with self.flat(self.reeved, threads=8):
            for _ in range(30):
                other = self.reeved.client()
                scram.start(other, "alice")
                other.close()

    def test_huge_and_malformed_words(self):
        client = self.start(CONFIG + "failures = 100\n" + AUDIT)
        for word in (b"", b"n,,", b"\0", b"n" * 65536, b"n,,n=alice", os.urandom(1000), b"n,,n=alice,r=" + b"x" * 60000):
            with self.subTest(word[:20]):
                try:
                    client.session.StartAuthentication(scram.START(mechanism=scram.NAME, initial_response=word), timeout=30)
                except api.grpc.RpcError as error:
                    self.assertEqual(api.reason(error), "AUTHENTICATION_FAILED")
        with self.fails("AUTHENTICATION_FAILED"):
            client.session.StartAuthentication(scram.START(mechanism=scram.NAME, initial_response=b"n" * 65537), timeout=30)
        with self.fails("MESSAGE_TOO_LARGE"):
            client.session.StartAuthentication(scram.START(mechanism=scram.NAME, initial_response=b"n" * (5 << 20)),
                                               timeout=30)
        scram.authenticate(client, "alice", "secret one")

    def gone(self, client):
        """The daemon has closed this client's connection: the channel would make another, which knows nothing."""
        def closed():
            try:
                client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
            except api.grpc.RpcError:
                return True
            return False
        return closed

    def test_too_many_failures_end_the_connection(self):
        client = self.start(CONFIG + "failures = 2\n" + AUDIT)
        admin = self.reeved.client()
        scram.authenticate(admin, "bob", "secret two")
        number = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10).connection
        for _ in range(2):
            self.refused(client, "alice", "wrong")
        waiting.until(lambda: number not in self.connections(admin), "the connection is closed", 10)
        self.assertIn("has failed to authenticate too often", self.reeved.log())

    def test_who_does_not_authenticate_in_time_is_thrown_out(self):
        client = self.start(CONFIG + "seconds = 1\n" + AUDIT)
        number = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10).connection
        admin = self.reeved.client()
        scram.authenticate(admin, "bob", "secret two")
        waiting.until(lambda: number not in self.connections(admin), "the connection is closed", 20)
        admin.list()  # who has is left alone

    def test_only_so_many_may_be_on_the_way(self):
        self.start(CONFIG + "waiting_clients = 3\n" + AUDIT)
        for _ in range(2):
            self.reeved.client()
        refused = api.Client(self.reeved.socket())
        with self.assertRaises(api.grpc.RpcError):
            refused.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=5)
        refused.close()

    @staticmethod
    def connections(admin):
        clients = admin.admin.ListClients(api.admin_service_pb2.ListClientsRequest(), timeout=10).clients
        return [client.session.connection for client in clients]

    def test_the_audit_file_tells_of_every_attempt_and_has_no_password(self):
        client = self.start()
        self.refused(client, "alice", "secret wrong")
        scram.authenticate(client, "alice", "secret one")
        client.define(guests.test_xml("one"), parent=api.TEST)
        with open(os.path.join(self.reeved.root, "var/log/reeve/audit.log"), encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("secret", text)
        self.assertIn('"outcome":"AUDIT_OUTCOME_REFUSED","reason":"AUTHENTICATION_FAILED"', text)
        self.assertIn('"identity":"sasl:alice"', text)
        self.assertIn('"authentication":"sasl SCRAM-SHA-256"', text)

    def test_weak_mechanisms_are_refused_by_name_in_the_configuration(self):
        for name in ("DIGEST-MD5", "CRAM-MD5", "SCRAM-SHA-1", "NTLM", "LOGIN", "ANONYMOUS"):
            self.reeved.configure(f'[auth]\nsasl_mechanisms = ["SCRAM-SHA-256", "{name}"]\n')
            done = subprocess.run([environment.REEVED, "--root", self.reeved.root, "--check-config"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
            with self.subTest(name):
                self.assertEqual(done.returncode, 78)
                self.assertIn(f"{name} is too weak", done.stdout)

    def test_users_are_kept_without_a_daemon(self):
        self.assertEqual([line.split() for line in self.user("list").stdout.splitlines()[2:] if line],
                         [["alice", "verifier"], ["bob", "verifier"], ["mallory", "verifier"]])
        database = os.path.join(self.reeved.root, "var/lib/reeve/users.db")
        self.assertEqual(os.stat(database).st_mode & 0o777, 0o600)
        with open(database, "rb") as file:
            self.assertNotIn(b"secret", file.read())
        self.assertEqual(self.user("add", "alice", text="x\n", check=False).returncode, 1)
        self.assertEqual(self.user("passwd", "nobody", text="x\n", check=False).returncode, 1)
        self.assertEqual(self.user("add", "a b", text="x\n", check=False).returncode, 1)
        self.assertEqual(self.user("add", "empty", text="\n", check=False).returncode, 1)
        client = self.start()
        self.user("passwd", "alice", text="changed\n")  # while the daemon runs
        self.refused(client, "alice", "secret one")
        scram.authenticate(client, "alice", "changed")
        self.user("remove", "bob")
        self.refused(self.reeved.client(), "bob", "secret two")

    def reeve(self, *words, variables=None, check=True, parameters=""):
        uri = f"test+unix:///default?socket={self.reeved.socket()}{parameters}"
        done = subprocess.run([environment.REEVE, "-c", uri, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False, start_new_session=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(variables or {})})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_the_command_line_takes_credentials_from_a_file(self):
        self.start()
        path = os.path.join(self.reeved.root, "auth.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[credentials-a]\nusername=alice\npassword=secret one\n[auth-reeve-localhost]\ncredentials=a\n")
        os.chmod(path, 0o600)
        for how in ({"variables": {"REEVE_AUTH_FILE": path}}, {"parameters": f"&authfile={path}"},
                    {"parameters": f"&authfile={path}&auth=sasl.SCRAM-SHA-256"},
                    {"parameters": f"&authfile={path}&auth=sasl"}):
            self.assertIn("sasl:alice", self.reeve("auth", "whoami", **how).stdout)
        self.reeve("list", parameters=f"&authfile={path}")
        done = self.reeve("list", parameters=f"&authfile={path}&auth=sasl.PLAIN", check=False)
        self.assertIn("does not offer PLAIN", done.stderr)
        done = self.reeve("list", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("user name", done.stderr)
        os.chmod(path, 0o644)
        done = self.reeve("list", parameters=f"&authfile={path}", check=False)
        self.assertIn("open to others", done.stderr)

    def test_the_command_line_asks_on_the_terminal(self):
        self.start()
        uri = f"test+unix:///default?socket={self.reeved.socket()}"
        child, terminal = pty.fork()
        if child == 0:
            os.execve(environment.REEVE, ["reeve", "-c", uri, "auth", "whoami"],
                      {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb", "HOME": "/nonexistent"})
        shown = b""

        def read_until(text):
            nonlocal shown
            while text not in shown:
                ready, _, _ = select.select([terminal], [], [], 20)
                self.assertTrue(ready, shown)
                try:
                    data = os.read(terminal, 4096)
                except OSError:  # the end, on a terminal
                    data = b""
                if not data:
                    break
                shown += data
            self.assertIn(text, shown)

        read_until(b"User name for localhost: ")
        os.write(terminal, b"alice\n")
        read_until(b"Password of alice for localhost: ")
        os.write(terminal, b"secret one\n")
        read_until(b"sasl:alice")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        self.assertEqual(status, 0)
        self.assertNotIn(b"secret", shown)

    def test_kerberos(self):
        kdc = kerberos.Kdc()
        try:
            self.reeved.variables.update(kdc.variables)
            with open(kdc.keytab, "rb") as file:
                keytab = file.read()
            os.makedirs(os.path.join(self.reeved.root, "etc/reeve"), exist_ok=True)
            with open(os.path.join(self.reeved.root, "etc/reeve/krb5.keytab"), "wb") as file:
                file.write(keytab)
            self.start(CONFIG + 'sasl_keytab = "/etc/reeve/krb5.keytab"\nsasl_host = "localhost"\n' + AUDIT)
            kdc.login()
            done = self.reeve("auth", "whoami", variables=kdc.variables, parameters="&auth=sasl.GSSAPI")
            self.assertIn("sasl:alice", done.stdout)
            self.assertIn("GSSAPI", done.stdout)
            self.reeve("list", "--all", variables=kdc.variables, parameters="&auth=sasl.GSSAPI")
            kdc.logout()
            done = self.reeve("list", variables=kdc.variables, parameters="&auth=sasl.GSSAPI", check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
        finally:
            kdc.stop()


class Polkit(EndToEnd):

    def test_without_polkit_the_error_says_so_and_root_gets_in(self):
        reeved = self.daemon(config='[listen]\nmode = "0666"\n[auth]\nunix = "polkit"\nfailure_milliseconds = 1\n',
                             variables={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"})
        os.chmod(reeved.root, 0o755)
        reeved.client().list()
        client = callers.client(reeved, 2001)
        session = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertEqual(list(session.mechanisms), ["POLKIT"])
        with self.fails("AUTHENTICATION_REQUIRED"):
            client.list()
        with self.fails("AUTHENTICATION_FAILED"):
            client.session.StartAuthentication(scram.START(mechanism="POLKIT"), timeout=30)
        self.assertIn("polkit: connect to the system bus", reeved.log())
