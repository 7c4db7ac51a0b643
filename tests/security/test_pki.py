"""reeve pki: what it makes is taken by the daemon, by OpenSSL and by other clients, and what it revokes is thrown out."""

import json
import os
import re
import ssl
import stat
import subprocess

import guests
from tls_lab import TlsTest, api, environment, waiting


class Pki(TlsTest):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon(start=False, config="[tls]\nlisten = ['127.0.0.1:0']\n")

    def pki(self, *words, check=True, root=None):  # pylint: disable=arguments-differ
        done = subprocess.run([environment.REEVE, "pki", *words, "--root", root or self.reeved.root], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done

    def file(self, name):
        return os.path.join(self.reeved.root, "etc/pki", name)

    def make(self):
        self.pki("init", "--organization", "Example")
        self.pki("issue", "server", "localhost", "127.0.0.1")
        self.pki("issue", "client", "alice", "--directory", self.folder)
        self.reeved.start()

    def reeve(self, *words, folder=None):
        uri = f"test+tls://localhost:{self.port(self.reeved)}/default?pkipath={folder or self.folder}"
        return subprocess.run([environment.REEVE, "-c", uri, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)

    def served_serial(self):
        context = ssl.create_default_context(cafile=self.file("CA/cacert.pem"))
        context.load_cert_chain(self.folder + "/clientcert.pem", self.folder + "/clientkey.pem")
        context.set_alpn_protocols(["h2"])
        with self.connect(self.reeved, context) as connection:
            return connection.getpeercert()["serialNumber"]

    def test_three_commands_make_a_daemon_that_is_reached_by_tls(self):
        self.make()
        done = self.reeve("auth", "whoami")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("CN=alice", done.stdout)
        for name, mode in (("CA/private/cakey.pem", 0o600), ("CA/index.txt", 0o600), ("CA/cacert.pem", 0o644),
                           ("libvirt/servercert.pem", 0o644), ("libvirt/private/serverkey.pem", 0o600),
                           ("libvirt/private", 0o700)):
            self.assertEqual(stat.S_IMODE(os.stat(self.file(name)).st_mode), mode, name)
        for path, use in ((self.file("libvirt/servercert.pem"), "sslserver"), (self.folder + "/clientcert.pem", "sslclient")):
            subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", use, "-CAfile", self.file("CA/cacert.pem"), path],
                           check=True, stdout=subprocess.DEVNULL, timeout=30)
        for what in ("ca", "server"):
            self.assertIn("sound", self.pki("check", what).stdout)

    def test_what_is_there_is_not_replaced_by_mistake(self):
        self.make()
        before = self.served_serial()
        for words in (("init",), ("issue", "server", "other")):
            done = self.pki(*words, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("already", done.stderr)
        self.assertEqual(self.served_serial(), before)

    def test_a_renewed_certificate_is_served_while_streams_run(self):
        self.make()
        client = api.Client(f"localhost:{self.port(self.reeved)}", api.grpc.ssl_channel_credentials(
            *(open(path, "rb").read() for path in (self.file("CA/cacert.pem"), self.folder + "/clientkey.pem",
                                                   self.folder + "/clientcert.pem"))))
        self.reeved._clients.append(client)  # pylint: disable=protected-access
        watch = client.watch()
        watch.wait_snapshot()
        for more in ((), ("--new-key",)):
            before = self.served_serial()
            self.pki("renew", "server", *more)
            waiting.until(lambda old=before: self.served_serial() != old, "the new certificate to be served")
        from_other = self.reeved.client()
        from_other.define(guests.test_xml("late"), parent=api.TEST)
        watch.wait_event(api.name("late", api.TEST), "DEFINED")
        watch.close()
        self.assertIn("Not renewed", self.pki("renew", "server", "--within", "30").stdout)
        self.pki("renew", "ca", "--days", "4000")
        self.assertEqual(self.reeve("list").returncode, 0)

    def test_who_is_revoked_is_thrown_out_and_not_let_in_again(self):
        self.make()
        bob = self.folder + "/bob"
        self.pki("issue", "client", "bob", "--directory", bob)
        client = api.Client(f"localhost:{self.port(self.reeved)}", api.grpc.ssl_channel_credentials(
            *(open(path, "rb").read() for path in (self.file("CA/cacert.pem"), bob + "/clientkey.pem",
                                                   bob + "/clientcert.pem"))))
        self.reeved._clients.append(client)  # pylint: disable=protected-access
        watch = client.watch()
        self.pki("revoke", "bob")
        self.await_log(self.reeved, "throwing out", "CN=bob", "revoked")
        watch.close()
        done = self.reeve("list", folder=bob)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("revoked", done.stderr)
        self.assertEqual(self.reeve("list").returncode, 0)
        listed = json.loads(self.pki("show", "--output", "json").stdout)
        revoked = [one["subject"] for one in listed["issued"] if "revoked" in one]
        self.assertEqual(revoked, ["/CN=bob"])
        self.assertIn("no certificate", self.pki("revoke", "bob", check=False).stderr)
        # By its file, too, what somebody else's list has.
        self.pki("revoke", "--file", self.folder + "/clientcert.pem")
        waiting.until(lambda: self.reeve("list").returncode != 0, "alice to be refused")

    def test_check_finds_what_is_broken_and_its_commands_mend_it(self):
        self.make()
        name = os.uname().nodename
        breaks = [
            lambda: os.chmod(self.file("libvirt/private/serverkey.pem"), 0o644),
            lambda: os.chmod(self.file("CA"), 0o777),
            lambda: os.unlink(self.file("libvirt/servercert.pem")),
            lambda: self.pki("issue", "server", "elsewhere.example.org", "--force"),
            lambda: open(self.file("CA/cacrl.pem"), "w", encoding="utf-8").close(),
            lambda: os.replace(self.folder + "/clientkey.pem", self.file("libvirt/private/serverkey.pem")),
        ]
        self.pki("issue", "server", name, "localhost", "127.0.0.1", "--force")
        for broken in breaks:
            broken()
            found = json.loads(self.pki("check", "server", "--output", "json", check=False).stdout)["findings"]
            self.assertGreaterEqual(len(found), 1)
            for finding in found:
                repair = re.sub(r"^reeve ", f"{environment.REEVE} ", finding["repair"])
                self.assertTrue(repair, finding)
                subprocess.run(repair, shell=True, check=True, timeout=60, stdout=subprocess.DEVNULL)
            again = json.loads(self.pki("check", "server", "--output", "json", check=False).stdout)
            self.assertEqual(again, {"sound": True, "findings": []})
