"""The server's own files: what is not sound is refused by name, and new ones take effect without a restart."""

import os
import signal

from tls_lab import TlsTest, api, certificates

DAY = certificates.DAY


class OwnFiles(TlsTest):

    def refuses_to_start(self, *words, tls="", prepare=None, **files):
        reeved = self.serve(tls, start=False, **files)
        if prepare:
            prepare(reeved)
        reeved.spawn()
        self.assertNotEqual(reeved.wait_end(), 0)
        for word in ("serve TLS", *words):
            self.assertIn(word, reeved.log())

    def test_the_daemon_does_not_start_with_files_that_are_not_sound(self):
        ca, server = self.ca, self.ca.server
        other = certificates.Authority("O=Elsewhere,CN=Other CA")
        expired = certificates.Authority(begin=-2 * DAY, end=-DAY)
        for what, files, words in (
                ("expired", {"server": server(begin=-2 * DAY, end=-DAY)}, ["servercert.pem", "has expired on"]),
                ("not yet valid", {"server": server(begin=DAY)}, ["servercert.pem", "is not valid before"]),
                ("a client's", {"server": ca.client()}, ["servercert.pem", "lacks serverAuth"]),
                ("no signing", {"server": server(key_usage=certificates.usage(key_encipherment=True))},
                 ["servercert.pem", "lacks digitalSignature"]),
                ("an authority's", {"server": server(ca=True)}, ["servercert.pem", "CA:TRUE"]),
                ("another authority", {"server": other.server()}, ["servercert.pem", "not signed by an authority"]),
                ("expired authority", {"ca": expired, "server": expired.server()}, ["cacert.pem", "has expired on"]),
                ("no authority", {"ca": certificates.Authority(ca=False)}, ["cacert.pem", "CA:FALSE"]),
                ("no basic constraints", {"ca": certificates.Authority(ca=None)}, ["cacert.pem", "no basicConstraints"]),
                ("may not sign", {"ca": certificates.Authority(key_usage=certificates.usage(crl_sign=True))},
                 ["cacert.pem", "lacks keyCertSign"])):
            with self.subTest(what):
                self.refuses_to_start(*words, **files)

    def test_the_daemon_does_not_start_without_its_files(self):
        self.refuses_to_start("serverkey.pem", "does not belong to the certificate", prepare=lambda reeved:
                              certificates.replace(self.pki(reeved, "libvirt/private/serverkey.pem"),
                                                   self.ca.server().key_pem()))
        self.refuses_to_start("serverkey.pem", "No such file", prepare=lambda reeved:
                              os.unlink(self.pki(reeved, "libvirt/private/serverkey.pem")))
        self.refuses_to_start("cacert.pem", "no certificate in PEM form", prepare=lambda reeved:
                              certificates.replace(self.pki(reeved, "CA/cacert.pem"), b"nothing"))

    def test_files_of_our_own_go_before_those_of_libvirt(self):
        reeved = self.serve(start=False)
        own = self.ca.server(name="O=Example,CN=own")
        own.write(self.pki(reeved, "reeve/servercert.pem"), self.pki(reeved, "reeve/private/serverkey.pem"))
        reeved.start()
        with self.connect(reeved, self.context(self.alice)) as connection:
            self.assertIn(((("commonName", "own"),)), connection.getpeercert()["subject"])

    def test_files_that_are_configured(self):
        reeved = self.serve("ca_file = '/x/ca.pem'\ncertificate_file = '/x/server.pem'\nkey_file = '/x/key.pem'",
                            start=False)
        certificates.replace(f"{reeved.root}/x/ca.pem", self.ca.certificate_pem())
        self.ca.server().write(f"{reeved.root}/x/server.pem", f"{reeved.root}/x/key.pem")
        os.unlink(self.pki(reeved, "libvirt/servercert.pem"))
        reeved.start()
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")


class Renewal(TlsTest):

    def name(self, reeved):
        with self.connect(reeved, self.context(self.alice)) as connection:
            return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]

    def test_new_files_are_used_by_new_clients_while_streams_run_on(self):
        reeved = self.serve()
        client = self.channel(reeved)
        watch = client.watch()
        watch.wait_snapshot()
        self.assertEqual(self.name(reeved), "server")
        self.install(reeved, server=self.ca.server(name="O=Example,CN=renewed"))
        self.await_log(reeved, "new files are in use", "CN=renewed")
        self.assertEqual(self.name(reeved), "renewed")
        client.define("<domain type='test'><name>a</name><memory>1024</memory><os><type>exe</type><init>/i</init></os>"
                      "</domain>", parent=api.TEST)
        watch.wait_event("hypervisors/test/domains/a", "DEFINED")
        watch.close()

    def test_files_that_are_not_sound_are_reported_and_the_old_ones_stay(self):
        reeved = self.serve()
        certificates.replace(self.pki(reeved, "libvirt/servercert.pem"),
                             self.ca.server(name="O=Example,CN=other").certificate_pem())
        self.await_log(reeved, "new files are not taken", "does not belong to the certificate")
        self.assertEqual(self.name(reeved), "server")
        self.install(reeved, server=self.ca.server(name="O=Example,CN=old", begin=-2 * DAY, end=-DAY))
        self.await_log(reeved, "new files are not taken", "has expired")
        self.assertEqual(self.name(reeved), "server")
        self.install(reeved, server=self.ca.server(name="O=Example,CN=mended"))
        self.await_log(reeved, "new files are in use", "CN=mended")
        self.assertEqual(self.name(reeved), "mended")

    def test_who_is_revoked_stays_out_even_if_the_rest_of_the_new_files_is_bad(self):
        reeved = self.serve(start=False)
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), self.ca.revocations())
        reeved.start()
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")
        certificates.replace(self.pki(reeved, "libvirt/servercert.pem"), b"nothing")
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), self.ca.revocations(self.alice))
        self.await_log(reeved, "new files are not taken")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "certificate_revoked")

    def test_a_reload_takes_other_lists_and_a_bad_configuration_changes_nothing(self):
        reeved = self.serve()
        text = "[tls]\nlisten = ['127.0.0.1:0']\nallowed_subjects = ['CN=bob*']\n"
        reeved.configure(text)
        reeved.process.send_signal(signal.SIGHUP)
        self.await_log(reeved, "configuration taken", "tls.allowed_subjects")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "access_denied")
        self.assertEqual(self.probe(reeved, self.context(self.ca.client("O=Example,CN=bob"))), "in")
        reeved.configure(text.replace("'CN=bob*'", "7"))
        reeved.process.send_signal(signal.SIGHUP)
        self.await_log(reeved, "is wrong and not taken")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "access_denied")
