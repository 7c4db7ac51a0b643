"""reeve as its users type it."""

import json
import os
import re
import subprocess

import environment
import guests
from harness import EndToEnd


class Cli(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.folder = environment.temporary_folder()

    def file(self, text):
        path = os.path.join(self.folder, "domain.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_the_tour(self):
        cli = self.reeved.cli
        path = self.file(guests.xml("web1", self.root, extra="<title>the web</title>"))
        self.assertIn("web1", cli("define", path).stdout)
        self.assertIn("shut off", cli("list", "--all").stdout)
        self.assertNotIn("web1", cli("list").stdout)
        self.assertIn("the web", cli("list", "--all", "--title").stdout)
        cli("start", "web1")
        self.assertRegex(cli("list").stdout, r"\d+\s+web1\s+running")
        self.assertIn("running (booted)", cli("domstate", "web1", "--reason").stdout)
        info = cli("dominfo", "web1").stdout
        self.assertRegex(info, r"State:\s+running")
        self.assertRegex(info, r"Persistent:\s+yes")
        cli("suspend", "web1")
        self.assertIn("paused", cli("domstate", "web1").stdout)
        cli("resume", "web1")
        self.assertIn("<name>web1</name>", cli("dumpxml", "web1").stdout)
        cli("autostart", "web1")
        self.assertRegex(cli("dominfo", "web1").stdout, r"Autostart:\s+enable")
        cli("autostart", "web1", "--disable")
        cli("destroy", "web1")
        self.assertIn("shut off (destroyed)", cli("domstate", "web1", "--reason").stdout)
        uuid = cli("domuuid", "web1").stdout
        self.assertIn("'web1' has been renamed to 'web2'", cli("domrename", "web1", "web2").stdout)
        self.assertEqual(cli("domuuid", "web2").stdout, uuid)
        self.assertIn("<name>web2</name>", cli("dumpxml", "web2").stdout)
        cli("start", "web2")
        refused = cli("domrename", "web2", "web1", check=False)
        self.assertEqual((refused.returncode, "is running" in refused.stderr), (1, True), refused.stderr)
        cli("destroy", "web2")
        cli("undefine", "web2")
        self.assertNotIn("web", cli("list", "--all").stdout)

    def test_errors_have_an_exit_code_and_a_sentence(self):
        for arguments, word in ((("start", "nobody"), "nobody"), (("frobnicate",), "frobnicate"), (("start",), ""),
                                (("define", "/no/such/file"), "/no/such/file"), (("list", "--sideways"), "sideways")):
            done = self.reeved.cli(*arguments, check=False)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn(word, done.stderr)
            self.assertTrue(done.stderr.strip(), arguments)

    def test_json_is_json(self):
        self.reeved.cli("define", self.file(guests.xml("j", self.root)))
        for arguments in (("list", "--all"), ("dominfo", "j"), ("version",), ("nodeinfo",), ("admin", "clients")):
            with self.subTest(arguments):
                text = self.reeved.cli("--output", "json", *arguments).stdout
                self.assertTrue(json.loads(text))

    def test_events_from_a_revision(self):
        self.reeved.cli("define", self.file(guests.xml("e", self.root)))
        self.reeved.cli("start", "e")
        self.reeved.cli("destroy", "e")
        command = [environment.REEVE, "-c", f"lxc+unix:///?socket={self.reeved.socket()}", "event", "--loop", "--from", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watching:
            lines = []
            for line in watching.stdout:
                lines.append(line)
                if "topped" in line.lower():
                    break
            watching.terminate()
        text = "".join(lines).lower()
        for word in ("defined", "started", "stopped", "destroyed"):
            self.assertIn(word, text)

    def test_the_console_by_a_terminal(self):
        self.reeved.cli("define", self.file(guests.xml("c", self.root, init=["/bin/sh"])))
        self.reeved.cli("start", "c")
        command = f"{environment.REEVE} -c 'lxc+unix:///?socket={self.reeved.socket()}' console c"
        done = subprocess.run(["script", "-qec", command, "/dev/null"], input="echo $((6*7))\nexit\n", text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
        self.assertIn("42", done.stdout)

    def test_read_only_and_test_driver_and_uri(self):
        done = self.reeved.cli("define", self.file(guests.test_xml("t")), uri="test")
        self.assertIn("t", done.stdout)
        self.assertRegex(self.reeved.cli("list", "--all", uri="test").stdout, r"t\s+shut off")
        self.assertNotIn("shut off", self.reeved.cli("list", "--all").stdout)
        self.assertTrue(re.match(r"test", self.reeved.cli("uri", uri="test").stdout.strip()))

    def test_the_shell_takes_commands_from_a_pipe(self):
        self.reeved.cli("define", self.file(guests.test_xml("t")), uri="test")
        done = self.reeved.cli(uri="test", text="list --all\nstart t\ndomstate t\nquit\n")
        self.assertIn("running", done.stdout)

    def test_node_commands(self):
        hostname = os.uname().nodename
        self.assertIn(hostname, self.reeved.cli("hostname").stdout)
        self.assertRegex(self.reeved.cli("nodeinfo").stdout, r"CPU\(s\):\s+\d+")
        self.assertIn("<capabilities>", self.reeved.cli("capabilities").stdout)
        self.assertIn("reeve", self.reeved.cli("version").stdout.lower())

    def test_without_a_daemon_it_says_what_is_wrong(self):
        done = subprocess.run([environment.REEVE, "-c", "lxc+unix:///?socket=/nowhere/reeve.sock", "list"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nowhere/reeve.sock", done.stderr)
