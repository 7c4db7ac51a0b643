"""Which certificates a TLS client gets in with: for each the result, the alert and the line in the log."""

import ssl

from tls_lab import TlsTest, certificates, waiting

DAY = certificates.DAY
SERVER, CLIENT = certificates.SERVER, certificates.CLIENT
usage = certificates.usage


class ClientCertificates(TlsTest):

    def refused(self, reeved, context, alert, *words):
        before = self.whole_log(reeved).count("refused a client")
        self.assertEqual(self.probe(reeved, context), alert)
        line = self.await_log(reeved, "refused a client", *words)[-1]
        self.assertIn("127.0.0.1:", line)
        waiting.until(lambda: self.whole_log(reeved).count("refused a client") == before + 1, "one line for each")

    def test_what_is_sound_comes_in(self):
        reeved = self.serve()
        sub = certificates.Authority("O=Example,CN=Sub CA", signer=self.ca)
        for what, pair, chain in (
                ("plain", self.alice, ()),
                ("no key usage and no extended key usage", self.ca.client(key_usage=None, extended=None), ()),
                ("no basic constraints", self.ca.client(ca=None), ()),
                ("both purposes, critical", self.ca.client(extended=SERVER + CLIENT, critical=True), ()),
                ("an empty subject", self.ca.client(name="", names=["URI:spiffe://example/alice"]), ()),
                ("a chain", sub.client(), (sub,))):
            with self.subTest(what):
                self.assertEqual(self.probe(reeved, self.context(pair, chain=chain)), "in")

    def test_what_is_not_sound_gets_its_alert_and_its_line(self):
        reeved = self.serve()
        other = certificates.Authority("O=Elsewhere,CN=Other CA")
        weak = certificates.Authority("O=Example,CN=No CA", signer=self.ca, ca=False)
        for what, pair, chain, alert, words in (
                ("expired", self.ca.client(begin=-2 * DAY, end=-DAY), (), "certificate_expired", ["has expired on"]),
                ("not yet valid", self.ca.client(begin=DAY), (), "bad_certificate", ["is not valid before"]),
                ("another authority", other.client(), (), "unknown_ca", ["not signed by an authority of ours",
                                                                        "O=Elsewhere"]),
                ("signed by itself", certificates.Authority("CN=mallory", ca=None, key_usage=None), (), "unknown_ca",
                 ["not signed by an authority of ours"]),
                ("wrong key usage", self.ca.client(key_usage=usage(key_encipherment=True)), (),
                 "unsupported_certificate", ["lacks digitalSignature"]),
                ("wrong key usage, critical", self.ca.client(key_usage=usage(key_encipherment=True), critical=True), (),
                 "unsupported_certificate", ["lacks digitalSignature"]),
                ("wrong extended key usage", self.ca.client(extended=SERVER), (), "unsupported_certificate",
                 ["lacks clientAuth"]),
                ("wrong extended key usage, critical", self.ca.client(extended=SERVER, critical=True), (),
                 "unsupported_certificate", ["lacks clientAuth"]),
                ("an authority's", self.ca.client(ca=True), (), "bad_certificate", ["CA:TRUE"]),
                ("the authority's own", self.ca, (), "bad_certificate", ["CA:TRUE"]),
                ("signed by somebody who is no authority", weak.client(), (weak,), "unknown_ca", ["No CA"])):
            with self.subTest(what):
                subject = pair.certificate.subject.rfc4514_string()
                self.refused(reeved, self.context(pair, chain=chain), alert, subject, *words)

    def test_no_certificate(self):
        reeved = self.serve("minimum_version = '1.2'")
        self.refused(reeved, self.context(), "certificate_required", "no certificate", "one is required")
        self.refused(reeved, self.context(newest=ssl.TLSVersion.TLSv1_2), "handshake_failure", "one is required")

    def test_versions(self):
        strict, lenient = self.serve(), self.serve("minimum_version = '1.2'")
        versions = ssl.TLSVersion
        for reeved, newest, result in ((strict, versions.TLSv1_3, "in"), (strict, versions.TLSv1_2, "protocol_version"),
                                       (lenient, versions.TLSv1_3, "in"), (lenient, versions.TLSv1_2, "in"),
                                       (lenient, versions.TLSv1_1, "protocol_version"),
                                       (strict, versions.TLSv1, "protocol_version")):
            with self.subTest(reeved=reeved is strict and "1.3" or "1.2", newest=newest):
                oldest = min(newest, versions.TLSv1_2)
                context = self.context(self.alice, oldest=oldest, newest=newest)
                self.assertEqual(self.probe(reeved, context), result)
        self.await_log(strict, "refused a client", "no version of TLS")
        self.await_log(lenient, "refused a client", "no version of TLS")

    def test_another_protocol_than_http_2_is_refused(self):
        reeved = self.serve()
        self.refused(reeved, self.context(self.alice, protocols=("http/1.1",)), "no_application_protocol", "ALPN h2")

    def test_there_is_no_resumption(self):
        reeved = self.serve("minimum_version = '1.2'")
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(self.alice, newest=newest)
            with self.connect(reeved, context) as first:
                first.recv(9)
                session = first.session
                self.assertFalse(session is not None and session.has_ticket, "no ticket is given")
            if session is None:
                continue
            plain = __import__("socket").create_connection(("127.0.0.1", self.port(reeved)), timeout=10)
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as second:
                self.assertFalse(second.session_reused)

    def test_subjects_that_are_allowed(self):
        reeved = self.serve("allowed_subjects = ['CN=alice,O=Example', 'CN=op-*,OU=Operators,*']\nminimum_version = '1.2'")
        for name, result in (("O=Example,CN=alice", "in"), ("O=Example,CN=alice2", "access_denied"),
                             ("CN=alice,O=Example", "access_denied"), ("O=Elsewhere,CN=alice", "access_denied"),
                             ("O=Example,OU=Operators,CN=op-1", "in"), ("O=Example,CN=op-1", "access_denied")):
            with self.subTest(name):
                self.assertEqual(self.probe(reeved, self.context(self.ca.client(name))), result)
        bob = self.ca.client("O=Example,CN=bob")
        self.refused(reeved, self.context(bob), "access_denied", "CN=bob,O=Example", "tls.allowed_subjects")
        self.refused(reeved, self.context(bob, newest=ssl.TLSVersion.TLSv1_2), "certificate_unknown", "CN=bob,O=Example",
                     "tls.allowed_subjects")

    def test_an_empty_list_lets_nobody_in(self):
        for tls in ("allowed_subjects = []", "allowed_names = []"):
            reeved = self.serve(tls)
            self.refused(reeved, self.context(self.alice), "access_denied", "CN=alice", tls.split()[0])
            self.assertEqual(len(reeved.client().list().domains), 0)

    def test_alternative_names_that_are_allowed(self):
        reeved = self.serve("allowed_names = ['DNS:*.Example.com', 'IP:192.0.2.1', 'URI:spiffe://example/*']")
        for names, result in ((["DNS:a.example.com"], "in"), (["DNS:A.EXAMPLE.COM"], "in"),
                              (["DNS:other", "IP:192.0.2.1"], "in"), (["URI:spiffe://example/alice"], "in"),
                              (["DNS:example.com"], "access_denied"), (["email:a@example.com"], "access_denied"),
                              ([], "access_denied")):
            with self.subTest(names):
                self.assertEqual(self.probe(reeved, self.context(self.ca.client(names=names))), result)

    def test_a_hostile_name_forges_no_line(self):
        reeved = self.serve("allowed_subjects = ['CN=nobody']")
        mallory = self.ca.client("O=Example,CN=x\nERROR forged")
        self.refused(reeved, self.context(mallory), "access_denied", "forged", "tls.allowed_subjects")
        self.assertFalse([line for line in self.whole_log(reeved).splitlines() if line.startswith("ERROR forged")])


class Revocation(TlsTest):

    def lists(self, content):
        reeved = self.serve(start=False)
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), content)
        return reeved.start()

    def test_who_is_revoked_stays_out_and_others_come_in(self):
        bob = self.ca.client("O=Example,CN=bob")
        reeved = self.lists(self.ca.revocations(bob))
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")
        self.assertEqual(self.probe(reeved, self.context(bob)), "certificate_revoked")
        self.await_log(reeved, "refused a client", "CN=bob,O=Example", "has been revoked")

    def test_without_a_list_that_is_valid_nobody_comes_in(self):
        other = certificates.Authority("O=Elsewhere,CN=Other CA")
        forged = certificates.Authority()  # the same name, another key
        for what, content, words in (
                ("expired", self.ca.revocations(begin=-3 * DAY, end=-DAY), "has expired"),
                ("not yet valid", self.ca.revocations(begin=DAY), "is not valid yet"),
                ("unreadable", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot be read"),
                ("empty", b"", "cannot be read"),
                ("of another authority", other.revocations(), "there is no revocation list"),
                ("forged", forged.revocations(), "there is no revocation list")):
            with self.subTest(what):
                reeved = self.lists(content)
                self.assertEqual(self.probe(reeved, self.context(self.alice)), "internal_error")
                self.await_log(reeved, "refused a client", "CN=alice", words)

    def test_a_list_that_is_configured_and_not_there_lets_nobody_in(self):
        reeved = self.serve("crl_file = '/etc/pki/CA/none.pem'")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "internal_error")
        self.await_log(reeved, "refused a client", "CN=alice", "cannot be read", "none.pem")

    def test_a_list_that_vanishes_lets_nobody_in_until_it_is_back(self):
        reeved = self.lists(self.ca.revocations())
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "in")
        __import__("os").unlink(self.pki(reeved, "CA/cacrl.pem"))
        self.await_log(reeved, "every client certificate is refused")
        self.assertEqual(self.probe(reeved, self.context(self.alice)), "internal_error")
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), self.ca.revocations())
        waiting.until(lambda: self.probe(reeved, self.context(self.alice)) == "in", "the new list is in use")

    def test_who_gets_revoked_is_thrown_out(self):
        bob = self.ca.client("O=Example,CN=bob")
        reeved = self.lists(self.ca.revocations())
        watch, other = self.channel(reeved, bob).watch(), self.channel(reeved).watch()
        watch.wait_snapshot()
        other.wait_snapshot()
        certificates.replace(self.pki(reeved, "CA/cacrl.pem"), self.ca.revocations(bob))
        self.assertIsNotNone(watch.wait_end())
        self.await_log(reeved, "throwing out", "CN=bob,O=Example", "has been revoked")
        self.assertFalse(other.ended)
        other.close()
