"""reeve token and reeve join: a new client gets a certificate, and nobody else does."""

import base64
import json
import os
import socket
import ssl
import subprocess
import threading

from tls_lab import TlsTest, api, certificates, environment, waiting

MARK = "rjt1-"


class Joining(TlsTest):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(start=False, config=(
            "[tls]\nlisten = ['127.0.0.1:0']\n[auth]\nfailure_milliseconds = 1\n[audit]\ntarget = 'file'\n"))
        self.pki("init")
        self.pki("issue", "server", "localhost", "127.0.0.1")
        self.reeved.start()

    def run_reeve(self, *words, text=None, home="/nonexistent"):
        return subprocess.run([environment.REEVE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90,
                              check=False, input=text, stdin=None if text is not None else subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": home})

    def pki(self, *words):  # pylint: disable=arguments-differ
        done = self.run_reeve("pki", *words, "--root", self.reeved.root)
        self.assertEqual(done.returncode, 0, done.stderr)

    def token(self, name="alice", *words):
        done = self.run_reeve("-c", f"test+unix:///default?socket={self.reeved.socket()}", "token", "create", name,
                              "--output", "json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def join(self, token, *words, folder=None, text=None):
        self.folder = folder or environment.temporary_folder() + "/joined"
        return self.run_reeve("join", token, "--directory", self.folder, *words, text=text)

    def tokens(self):
        done = self.run_reeve("-c", f"test+unix:///default?socket={self.reeved.socket()}", "token", "list", "--output", "json")
        return json.loads(done.stdout).get("tokens", [])

    def probe_without(self):
        """What becomes of a client that shows no certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        return self.probe(self.reeved, context)

    def audit(self):
        with open(os.path.join(self.reeved.root, "var/log/reeve/audit.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_two_commands_make_a_remote_node_usable(self):
        self.assertEqual(self.probe_without(), "certificate_required")
        made = self.token("alice", "--address", "localhost")
        done = self.join("-", text=made["token"] + "\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(os.listdir(self.folder)), ["cacert.pem", "clientcert.pem", "clientkey.pem"])
        self.assertEqual(os.stat(self.folder + "/clientkey.pem").st_mode & 0o777, 0o600)
        uri = f"test+tls://localhost:{self.port(self.reeved)}/default?pkipath={self.folder}"
        who = self.run_reeve("-c", uri, "auth", "whoami")
        self.assertEqual(who.returncode, 0, who.stderr)
        self.assertIn("CN=alice", who.stdout)
        # It is used up, and with it the door is closed.
        self.assertEqual(self.tokens(), [])
        waiting.until(lambda: self.probe_without() == "certificate_required", "certificates to be required again")
        again = self.join(made["token"])
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("nothing was sent", again.stderr)
        # The authority knows of it.
        self.pki("revoke", "alice")
        waiting.until(lambda: self.run_reeve("-c", uri, "list").returncode != 0, "alice to be refused")
        # Who, from where, what; and no secret anywhere.
        records = self.audit()
        redeemed = [one for one in records if one.get("method", "").endswith("/RedeemEnrollmentToken")]
        self.assertEqual(redeemed[0]["objects"], [f"enrollmentTokens/{made['id']}"])
        self.assertEqual(redeemed[0]["outcome"], "AUDIT_OUTCOME_DONE")
        self.assertIn("CN=alice", redeemed[0]["detail"])
        created = [one for one in records if one.get("method", "").endswith("/CreateEnrollmentToken")]
        self.assertEqual(created[0]["objects"], [f"enrollmentTokens/{made['id']}"])
        everything = self.whole_log(self.reeved) + json.dumps(records)
        with open(os.path.join(self.reeved.root, "var/lib/reeve/enrollment-tokens"), "rb") as file:
            everything += file.read().hex()
        body = made["token"][len(MARK):]
        secret = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        self.assertNotIn(made["token"][20:60], everything)
        for at in range(0, len(secret) - 32):
            self.assertNotIn(secret[at:at + 32].hex(), everything)

    def test_a_token_survives_a_restart_and_can_be_deleted(self):
        kept, dropped = self.token("kept"), self.token("dropped")
        self.reeved.restart()
        self.assertEqual([one["name"] for one in self.tokens()], ["kept", "dropped"])
        done = self.run_reeve("-c", f"test+unix:///default?socket={self.reeved.socket()}", "token", "delete", dropped["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        # The port is another one after the restart.
        port = self.port(self.reeved)
        self.assertNotEqual(self.join(self.at_port(dropped["token"], port)).returncode, 0)
        done = self.join(self.at_port(kept["token"], port))
        self.assertEqual(done.returncode, 0, done.stderr)

    def at_port(self, token, port, **fields):
        """The same token for another address, as somebody could make it who has it."""
        import hashlib  # pylint: disable=import-outside-toplevel
        body = token[len(MARK):]
        ticket = api.enrollment_service_pb2.EnrollmentTicket.FromString(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))[:-4])
        del ticket.addresses[:]
        ticket.addresses.append(f"localhost:{port}")
        for name, value in fields.items():
            setattr(ticket, name, value)
        data = ticket.SerializeToString()
        return MARK + base64.urlsafe_b64encode(data + hashlib.sha256(data).digest()[:4]).decode().rstrip("=")

    def test_nothing_is_sent_to_another_server(self):
        token = self.token("alice")["token"]
        false_one = certificates.Authority("CN=False CA")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.write(false_one.server(), chain=(false_one,)))
        context.set_alpn_protocols(["h2"])
        received = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                listener.settimeout(20)
                try:
                    with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                        connection.settimeout(5)
                        received.append(connection.recv(4096))
                except OSError as error:
                    received.append(str(error))
            thread = threading.Thread(target=serve)
            thread.start()
            done = self.join(self.at_port(token, listener.getsockname()[1]))
            thread.join()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing was sent", done.stderr)
        self.assertEqual(received, [b""])
        self.assertEqual(len(self.tokens()), 1)  # it is still good
        self.assertFalse(os.path.exists(self.folder))

    def test_a_server_of_the_right_authority_with_another_name_gets_nothing_either(self):
        token = self.token("alice")["token"]
        self.pki("issue", "server", "elsewhere.example.org", "--force")
        self.await_log(self.reeved, "new files are in use", "elsewhere")
        done = self.join(self.at_port(token, self.port(self.reeved)))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not for localhost", done.stderr)
        self.assertEqual(len(self.tokens()), 1)

    def test_guessing(self):
        made = self.token("alice")
        port = self.port(self.reeved)
        for count in range(1, 6):
            done = self.join(self.at_port(made["token"], port, secret=os.urandom(32)))
            self.assertNotEqual(done.returncode, 0)
            if count < 5:
                self.assertEqual(self.tokens()[0]["failures"], count)
        self.assertEqual(self.tokens(), [])
        self.await_log(self.reeved, "the secret of token", "is wrong", "the token is deleted")
        refused = [one for one in self.audit() if one.get("outcome") == "AUDIT_OUTCOME_REFUSED"]
        self.assertEqual([one["reason"] for one in refused], ["TOKEN_REFUSED"] * 5)

    def test_who_has_only_come_to_redeem_may_do_nothing_else(self):
        self.token("alice")
        self.assertEqual(self.probe_without(), "in")
        with open(os.path.join(self.reeved.root, "etc/pki/CA/cacert.pem"), "rb") as file:
            client = api.Client(f"localhost:{self.port(self.reeved)}", api.grpc.ssl_channel_credentials(file.read()))
        self.reeved._clients.append(client)  # pylint: disable=protected-access
        session = client.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertFalse(session.authenticated)
        for method in api.method_descriptors():
            free = api.answers_before_proof(method)
            with self.subTest(api.path(method)):
                self.assertEqual(api.reason(api.call_raw(client.channel, method, b"\xff\xff\xff\xff")),
                                 "REQUEST_MALFORMED" if free else "AUTHENTICATION_REQUIRED")

    def test_files_that_are_there_are_not_replaced_and_the_token_stays_good(self):
        token = self.token("alice")["token"]
        folder = environment.temporary_folder()
        with open(folder + "/clientkey.pem", "w", encoding="utf-8") as file:
            file.write("precious")
        done = self.join(token, folder=folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("clientkey.pem already", done.stderr)
        self.assertEqual(len(self.tokens()), 1)
        self.assertEqual(self.join(token, "--force", folder=folder).returncode, 0)

    def test_a_client_names_itself_in_vain(self):
        """Whatever stands in the request, the certificate says what the token's maker wrote."""
        key = folder = environment.temporary_folder()
        key += "/key.pem"
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                        "-outform", "DER", "-out", folder + "/csr", "-subj", "/CN=root/O=Example", "-addext",
                        "basicConstraints=CA:TRUE", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, stderr=subprocess.DEVNULL, timeout=30)
        pb2 = api.enrollment_service_pb2
        stub = api.enrollment_service_pb2_grpc.EnrollmentServiceStub(self.reeved.client().channel)
        ticket = stub.CreateEnrollmentToken(pb2.CreateEnrollmentTokenRequest(name="alice"), timeout=10).ticket
        with open(folder + "/csr", "rb") as file:
            answer = stub.RedeemEnrollmentToken(pb2.RedeemEnrollmentTokenRequest(
                id=ticket.id, secret=ticket.secret, certificate_request=file.read()), timeout=10)
        text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=answer.certificate, text=True, check=True,
                              stdout=subprocess.PIPE, timeout=30).stdout
        self.assertIn("Subject: CN = alice\n", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("TLS Web Client Authentication", text)
        self.assertNotIn("localhost", text)
