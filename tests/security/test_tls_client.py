"""The command line over TLS: what it connects with, and what it says when it cannot."""

import contextlib
import os
import socket
import subprocess
import threading

from tls_lab import TlsTest, certificates, environment

DAY = certificates.DAY
XML = ("<domain type='test'><name>a</name><memory>1024</memory><os><type>exe</type><init>/i</init></os></domain>")


class CommandLine(TlsTest):

    def reeve(self, uri, *arguments, home="/nonexistent", text=None):
        return subprocess.run([environment.REEVE, "-c", uri, *arguments], stdout=subprocess.PIPE, input=text,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": home})

    def uri(self, reeved, folder=None, host="localhost", port=None, scheme="test", more=""):
        path = f"?pkipath={folder}" if folder else "?"
        return f"{scheme}://{host}:{port or self.port(reeved)}/default{path}{more}"

    def fails(self, uri, *words, **options):  # pylint: disable=arguments-differ
        done = self.reeve(uri, "list", **options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_it_lists_domains(self):
        reeved = self.serve()
        folder = self.client_files()
        for scheme in ("test", "test+tls"):
            for host in ("localhost", "127.0.0.1"):
                done = self.reeve(self.uri(reeved, folder, host, scheme=scheme), "list")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        reeved.client().define(XML, parent="hypervisors/test")
        self.assertIn(" a ", self.reeve(self.uri(reeved, folder), "list", "--all").stdout)

    def test_the_session_is_encrypted_and_secure(self):
        reeved = self.serve()
        client = self.channel(reeved)
        session = client.session.GetSession(__import__("api").session_service_pb2.GetSessionRequest(), timeout=10)
        self.assertEqual(session.identity, "x509:CN=alice,O=Example")
        self.assertTrue(session.encrypted)
        self.assertTrue(session.secure)
        self.assertEqual((session.uid, session.user, session.pid), (0, "", 0))  # said of Unix clients only

    def test_a_server_that_is_not_the_named_one(self):
        reeved = self.serve(server=self.ca.server(names=["DNS:a.example.com", "IP:192.0.2.7"]))
        folder = self.client_files()
        self.fails(self.uri(reeved, folder), "the server certificate of localhost:",
                   "is for DNS:a.example.com, IP:192.0.2.7, not for localhost")
        self.fails(self.uri(reeved, folder, "127.0.0.1"), "not for 127.0.0.1")
        blind = self.reeve(self.uri(reeved, folder, more="&no_verify=1"), "auth", "whoami")
        self.assertEqual(blind.returncode, 0, blind.stderr)
        self.assertIn("warning: no_verify: the certificate of the daemon is not looked at", blind.stderr)
        self.assertRegex(blind.stdout, r"Encrypted: +yes\nSecure: +no\n")
        # The common name counts only without alternative names.
        for names, expected in (((), 0), (["DNS:other"], 1)):
            reeved = self.serve(server=self.ca.server(name="O=Example,CN=localhost", names=names))
            self.assertEqual(self.reeve(self.uri(reeved, folder), "list").returncode != 0, bool(expected), names)

    def test_a_server_of_another_authority(self):
        reeved = self.serve()
        other = certificates.Authority("O=Elsewhere,CN=Other CA")
        folder = self.client_files(pair=other.client(), ca=other)
        self.fails(self.uri(reeved, folder), "is not signed by an authority of", "cacert.pem", "CN=Example CA,O=Example")

    def test_the_servers_reason_to_refuse_us(self):
        bob = self.ca.client("O=Example,CN=bob")
        reeved = self.serve("allowed_subjects = ['CN=bob,O=Example']", start=False)
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), self.ca.revocations(bob))
        reeved.start()
        self.fails(self.uri(reeved, self.client_files(bob)), "refuses our certificate (CN=bob,O=Example",
                   "it has been revoked")
        self.fails(self.uri(reeved, self.client_files()), "CN=alice", "access denied",
                   "not on the server's list of allowed clients")
        expired = self.client_files(self.ca.client(begin=-2 * DAY, end=-DAY))
        self.fails(self.uri(reeved, expired), "clientcert.pem", "has expired on")
        self.fails(self.uri(reeved, expired, more="&no_sanity=1"), "refuses our certificate", "it has expired")

    def test_the_places_where_certificates_are_looked_for(self):
        reeved = self.serve()
        home = environment.temporary_folder()
        self.fails(self.uri(reeved), "cacert.pem", ".pki/libvirt", "/etc/pki/CA/cacert.pem", home=home)
        files = self.client_files()
        os.makedirs(f"{home}/.pki")
        os.rename(files, f"{home}/.pki/libvirt")
        self.assertEqual(self.reeve(self.uri(reeved), "list", home=home).returncode, 0)
        os.unlink(f"{home}/.pki/libvirt/clientkey.pem")
        self.fails(self.uri(reeved), "no certificate of an authority", home=home)
        self.fails(self.uri(reeved, f"{home}/.pki/libvirt"), "parameter pkipath: there is no", "clientkey.pem")

    def test_libvirts_places_below_etc(self):
        reeved = self.serve()
        # This process has a mount namespace of its own.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/pki"], check=False)
        if not os.path.ismount("/etc/pki"):
            os.makedirs("/etc/pki", exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/pki"], check=True)
        try:
            certificates.replace("/etc/pki/CA/cacert.pem", self.ca.certificate_pem())
            self.fails(self.uri(reeved), "wants a client certificate, and there is none", "/etc/pki/libvirt/clientcert.pem")
            self.alice.write("/etc/pki/libvirt/clientcert.pem", "/etc/pki/libvirt/private/clientkey.pem")
            self.assertEqual(self.reeve(self.uri(reeved), "list").returncode, 0)
        finally:
            subprocess.run(["umount", "/etc/pki"], check=True)

    def test_nobody_there_and_nobody_who_speaks_tls(self):
        reeved = self.serve()
        folder = self.client_files()
        free = socket.create_server(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        self.fails(self.uri(reeved, folder, port=port), f"cannot connect to localhost port {port}", "Connection refused")
        self.fails(self.uri(reeved, folder, host="nowhere.invalid"), "cannot find the host nowhere.invalid")
        plain = socket.create_server(("127.0.0.1", 0))

        def answer():
            connection, _ = plain.accept()
            with connection, contextlib.suppress(ConnectionError):  # the client hangs up
                connection.sendall(b"220 mail.example.com ESMTP\r\n")
                while connection.recv(4096):
                    pass
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.fails(self.uri(reeved, folder, port=plain.getsockname()[1]), "does not speak TLS")
        thread.join(10)
        plain.close()

    def test_versions_and_parameters(self):
        reeved = self.serve("minimum_version = '1.2'")
        folder = self.client_files()
        self.assertEqual(self.reeve(self.uri(reeved, folder, more="&minimum_version=1.2"), "list").returncode, 0)
        self.fails(self.uri(reeved, folder, more="&minimum_version=1.1"), "'minimum_version' is '1.1', not one of 1.2, 1.3")
        self.fails(self.uri(reeved, folder, more="&tls_priority=NORMAL"), "tls_priority", "GnuTLS")

    def test_a_key_of_another_certificate(self):
        reeved = self.serve()
        folder = self.client_files()
        certificates.replace(f"{folder}/clientkey.pem", self.ca.client().key_pem(), 0o600)
        self.fails(self.uri(reeved, folder), "clientkey.pem", "does not belong to the certificate")
