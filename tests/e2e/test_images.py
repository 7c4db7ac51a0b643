"""Guests in files: save, restore, dump; sleep; virtual CPUs. On the test driver, which does all of it, and refused by LXC."""

import json
import os
import stat

import guests
from harness import EndToEnd, api

TEST_NAME = "hypervisors/test/domains/web1"


class Images(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()
        self.file = os.path.join(self.reeved.root, "web1.save")

    def cli(self, *arguments, **options):
        return self.reeved.cli(*arguments, uri="test", **options)

    def refused(self, *arguments, words=""):
        done = self.cli(*arguments, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, done.stderr)

    def state(self):
        return api.state(self.client.get(TEST_NAME))

    def define_and_start(self, vcpus=1):
        xml = guests.test_xml("web1").replace("<vcpu>1</vcpu>", f"<vcpu>{vcpus}</vcpu>")
        self.client.define(xml, parent=api.TEST)
        self.client.start(TEST_NAME)

    def test_save_and_restore(self):
        self.define_and_start()
        self.assertIn(f"Domain 'web1' saved to {self.file}", self.cli("save", "web1", self.file).stdout)
        self.assertEqual(self.state(), "SHUTOFF")
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual([name for name in os.listdir(self.reeved.root) if "unfinished" in name], [])
        self.assertIn("<name>web1</name>", self.cli("save-image-dumpxml", self.file).stdout)
        image = json.loads(self.cli("--output", "json", "save-image-dumpxml", self.file).stdout)
        self.assertEqual((image["domain"]["name"], image["producer"], image["version"]), (TEST_NAME, "reeve", 1))
        self.assertIn("Domain 'web1' restored", self.cli("restore", self.file, "--paused").stdout)
        self.assertEqual(self.state(), "PAUSED")
        self.refused("restore", self.file, words="is paused")

    def test_a_relative_path_is_meant_from_where_the_user_is(self):
        self.define_and_start()
        relative = os.path.relpath(self.file)
        self.cli("save", "web1", relative)
        self.assertTrue(os.path.exists(self.file))
        self.cli("restore", relative)
        self.assertEqual(self.state(), "RUNNING")

    def test_files_that_are_none(self):
        self.define_and_start()
        os.symlink("/etc/passwd", self.file)
        self.refused("save", "web1", self.file, words="is no regular file")
        self.refused("save", "web1", "/dev/null", words="is no regular file")
        self.refused("save", "web1", os.path.join(self.reeved.root, "none", "x"), words="No such file or directory")
        self.refused("restore", self.file, words="open")
        self.refused("restore", "/etc/passwd", words="is no saved guest")
        self.refused("save-image-dumpxml", "/etc/passwd", words="is no saved guest")
        self.refused("restore", "/dev/zero", words="is no regular file")
        self.assertEqual(self.state(), "RUNNING")

    def test_another_document_is_checked(self):
        self.define_and_start()
        self.cli("save", "web1", self.file)
        other = os.path.join(self.reeved.root, "other.xml")
        xml = self.cli("save-image-dumpxml", self.file).stdout
        with open(other, "w", encoding="utf-8") as file:
            file.write(xml.replace("<vcpu>1</vcpu>", "<vcpu>3</vcpu>").replace("<vcpu placement='static'>1<", "<vcpu>3<"))
        self.refused("restore", self.file, "--xml", other, words="another number of virtual CPUs")
        with open(other, "w", encoding="utf-8") as file:
            file.write(xml)
        self.cli("restore", self.file, "--xml", other)
        self.assertEqual(self.state(), "RUNNING")

    def test_a_save_that_is_cancelled(self):
        self.define_and_start()
        self.client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=TEST_NAME, wedged=True))
        number = json.loads(self.cli("--output", "json", "save", "web1", self.file, "--detach").stdout)["name"]
        self.assertRegex(self.cli("domjobinfo", "web1").stdout, r"Job type:\s+Bounded\n(.*\n)*Operation:\s+domain.save\n")
        self.cli("domjobabort", "web1")
        done = self.cli("operation", "wait", number, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cancelled", done.stderr)
        self.assertRegex(self.cli("domjobinfo", "web1").stdout, r"Job type:\s+None\n")
        self.assertRegex(self.cli("domjobinfo", "web1", "--completed").stdout, r"Job type:\s+Failed\n")
        self.refused("domjobabort", "web1", words="no job is active")
        shown = json.loads(self.cli("--output", "json", "operation", "show", number).stdout)
        self.assertIn("OPERATION_CANCELLED", json.dumps(shown["error"]["details"]))
        self.client.test.SetWedge(api.test_service_pb2.SetWedgeRequest(domain=TEST_NAME, wedged=False))
        self.assertEqual(self.state(), "RUNNING")
        self.assertEqual([name for name in os.listdir(self.reeved.root) if "web1.save" in name], [])

    def test_dump(self):
        self.define_and_start()
        self.cli("dump", "web1", self.file)
        with open(self.file, "rb") as file:
            self.assertEqual(file.read(21), b"reeve-test-core web1\n")
        self.assertEqual(self.state(), "RUNNING")
        self.refused("dump", "web1", self.file, "--live", "--crash", words="excludes")
        self.cli("dump", "web1", self.file, "--crash")
        domain = self.client.get(TEST_NAME)
        self.assertEqual((api.state(domain), api.state_reason(domain)), ("SHUTOFF", "CRASHED"))

    def test_a_managed_save_is_removed(self):
        self.define_and_start()
        self.cli("managedsave", "web1")
        self.cli("managedsave-remove", "web1")
        self.assertFalse(self.client.get(TEST_NAME).status.managed_save)
        self.refused("managedsave-remove", "web1", words="has no managed save")

    def test_sleep(self):
        self.define_and_start()
        self.refused("dompmwakeup", "web1", words="is running")
        self.cli("dompmsuspend", "web1", "--target", "mem")
        self.assertEqual(self.state(), "PMSUSPENDED")
        self.cli("dompmwakeup", "web1")
        self.assertEqual(self.state(), "RUNNING")
        self.refused("dompmsuspend", "web1", "--target", "disk", words="in memory only")

    def test_virtual_cpus(self):
        self.define_and_start(vcpus=4)
        self.cli("setvcpus", "web1", "2", "--live")
        self.assertRegex(self.cli("vcpucount", "web1").stdout, r"maximum\W+4\s+current\W+2\s")
        self.assertRegex(self.cli("vcpucount", "web1", "--config").stdout, r"maximum\W+4\s+current\W+4\s")
        self.refused("setvcpus", "web1", "5", words="more than the maximum of 4")
        self.cli("vcpupin", "web1", "1", "0-2,^1", "--live", "--config")
        self.assertRegex(self.cli("vcpupin", "web1").stdout, r"1\s+0,2\s")
        self.assertRegex(self.cli("vcpuinfo", "web1").stdout, r"(?s)VCPU:\s+3\s.*State:\s+offline")
        listed = json.loads(self.cli("--output", "json", "vcpuinfo", "web1").stdout)["vcpus"]
        self.assertEqual([bool(one.get("online")) for one in listed], [True, True, False, False])
        self.cli("setvcpus", "web1", "2", "--maximum", "--config")
        self.refused("setvcpus", "web1", "8", "--maximum", "--live", words="cannot be changed while it runs")

    def test_containers_have_none_of_it(self):
        self.client.define(guests.xml("c1", self.root))
        self.client.start("c1")
        for arguments in (("save", "c1", self.file), ("dump", "c1", self.file), ("dompmsuspend", "c1"),
                          ("vcpuinfo", "c1"), ("restore", "/etc/passwd")):
            done = self.reeved.cli(*arguments, check=False)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn("the hypervisor's driver cannot", done.stderr, arguments)
        self.assertFalse(os.path.exists(self.file))
        self.assertEqual(api.state(self.client.get("c1")), "RUNNING")
