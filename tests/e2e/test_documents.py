"""Domains as documents of every format, through the daemon and without it; and their secrets."""

import json
import os

import environment
import guests
from harness import EndToEnd, api

PASSWORD = "hunter2-of-the-display"
DISPLAY = f"<devices><graphics type='vnc' passwd='{PASSWORD}'/></devices>"


class Documents(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.folder = environment.temporary_folder()

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def cli(self, *arguments, **options):
        return self.reeved.cli(*arguments, **{"uri": "test", **options})

    def test_every_form_of_a_domain_defines_the_same(self):
        self.cli("define", self.file("web1.xml", guests.test_xml("web1")))
        xml = self.cli("dumpxml", "web1").stdout
        for form in ("json", "textproto"):
            with self.subTest(form):
                text = self.cli("dumpxml", "web1", "--format", form).stdout
                self.cli("undefine", "web1")
                self.assertIn(form, self.cli("define", self.file("web1", text)).stdout)
                self.assertEqual(self.cli("dumpxml", "web1").stdout, xml)

    def test_a_configuration_of_lxc_is_defined_and_comes_back(self):
        text = f"lxc.uts.name = web1\nlxc.rootfs.path = {self.root}\nlxc.net.0.type = empty\n"
        path = self.file("config", text)
        self.assertIn("(lxc-tools)", self.cli("define", path, uri="lxc").stdout)
        self.assertIn(f"lxc.rootfs.path = {self.root}", self.cli("dumpxml", "web1", "--format", "lxc-tools",
                                                                 uri="lxc").stdout)
        self.cli("undefine", "web1", uri="lxc")
        unknown = self.file("unknown", text + "lxc.apparmor.profile = unconfined\n")
        refused = self.cli("define", unknown, uri="lxc", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("line 4 column", refused.stderr)
        taken = self.cli("define", "--lenient", unknown, uri="lxc")
        self.assertIn(f"warning: {unknown}:4:", taken.stderr)

    def test_the_daemon_converts_under_virshs_names(self):
        path = self.file("config", "lxc.uts.name = web1\nlxc.rootfs.path = /no/such/place\n")
        xml = self.cli("domxml-from-native", "lxc-tools", path).stdout
        self.assertIn("<source dir='/no/such/place'/>", xml)  # never looked at
        back = self.cli("domxml-to-native", "lxc-tools", "--xml", self.file("web1.xml", xml)).stdout
        self.assertIn("lxc.rootfs.path = /no/such/place", back)
        wrong = self.cli("domxml-to-native", "lxc-tools", self.file("bad.xml", "<domain>\n<a/>\n<b/></domain>"), check=False)
        self.assertEqual(wrong.returncode, 1)
        for place in ("line 2 column 1", "line 3 column 1"):
            self.assertIn(place, wrong.stderr)
        refused = self.cli("-r", "domxml-from-native", "lxc-tools", path, check=False)
        self.assertEqual(refused.returncode, 1)

    def test_capabilities_are_a_document_of_their_own(self):
        for uri in ("lxc", "test"):
            path = self.file(f"{uri}.xml", self.cli("capabilities", uri=uri).stdout)
            again = self.cli("convert", "--kind", "capabilities", "--from", "xml", "--to", "xml", path).stdout
            with open(path, encoding="utf-8") as file:
                self.assertEqual(again.strip(), file.read().strip())
        refused = self.cli("domcapabilities", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("one kind of guest", refused.stderr)

    def test_secrets_are_kept_and_shown_to_nobody_who_does_not_ask(self):
        self.cli("define", self.file("web1.xml", guests.test_xml("web1", extra=DISPLAY)))
        self.cli("start", "web1")
        client = self.reeved.client()
        watch = client.watch(view=api.domain_service_pb2.DOMAIN_VIEW_FULL, start_revision=1, until_current=True)
        watch.wait_end()
        shown = [str(client.get("hypervisors/test/domains/web1")),
                 str(client.list(view=api.domain_service_pb2.DOMAIN_VIEW_FULL)),
                 "".join(str(message) for message in watch.messages),
                 self.cli("dumpxml", "web1").stdout, self.cli("dumpxml", "web1", "--format", "json").stdout,
                 self.reeved.log()]
        for text in shown:
            self.assertNotIn(PASSWORD, text)
        self.assertIn("graphics", shown[0])
        self.assertIn(PASSWORD, self.cli("dumpxml", "web1", "--security-info").stdout)
        self.reeved.restart()
        self.assertIn(f"passwd='{PASSWORD}'", self.cli("dumpxml", "web1", "--security-info").stdout)
        # An editor that changes nothing of it leaves it there.
        self.cli("edit", "web1", variables={"EDITOR": "sed -i s/8192/16384/"})
        edited = self.cli("dumpxml", "web1", "--inactive", "--security-info").stdout
        self.assertIn("16384", edited)
        self.assertIn(PASSWORD, edited)
        reader = self.reeved.client(read_only=True)
        with self.fails("CONNECTION_READ_ONLY"):
            reader.domains.ExportDomainWithSecrets(api.domain_service_pb2.ExportDomainRequest(
                name="hypervisors/test/domains/web1"), timeout=10)

    def test_a_check_tells_all_faults_of_every_file(self):
        bad = self.file("bad.xml", "<domain type='lxc'>\n  <name>a</name>\n  <colour/>\n  <vcpu>x</vcpu>\n</domain>\n")
        good = self.file("good.xml", guests.test_xml("web1"))
        done = self.cli("-o", "json", "validate", bad, good, check=False)
        self.assertEqual(done.returncode, 1)
        files = json.loads(done.stdout)["files"]
        self.assertEqual([fault["line"] for fault in files[0]["faults"]], [3, 4])
        self.assertTrue(files[1]["sound"])
