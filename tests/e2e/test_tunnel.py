"""The client's ways through other programs: ssh, ext, and names for URIs. A program in ssh's place hands the command to a shell,
as sshd does with what it is given."""

import json
import os
import signal
import subprocess
import tempfile
import urllib.parse

import guests
import processes
import waiting
from harness import EndToEnd, api, environment

SSH = """#!/bin/sh
printf '%s\\n' "$@" > "$RECORD"
while [ "$1" != -- ]; do shift; done
shift 2
exec sh -c "$*"
"""
REFUSING = """#!/bin/sh
echo "root@host: Permission denied (publickey)." >&2
exit 255
"""
SILENT = """#!/bin/sh
echo $$ > "$RECORD"
exec sleep 1000
"""
# Does not end when it is asked to.
STUBBORN = """#!/bin/sh
trap '' TERM INT
echo $$ > "$RECORD"
while :; do sleep 1; done
"""
# Leaves a program behind that keeps its standard error open, as the master of shared connections may.
LEAVING = """#!/bin/sh
sleep 1000 < /dev/null > /dev/null &
echo $! > "$RECORD"
echo "root@host: Permission denied (publickey)." >&2
exit 255
"""


class Tunnel(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.record = os.path.join(self.folder, "record")
        os.symlink(environment.REEVE, os.path.join(self.folder, "reeve"))

    def program(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)
        return path

    def variables(self, **more):
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "RECORD": self.record, **more}

    def reeve(self, uri, *arguments, **options):
        options.setdefault("env", self.variables())
        return subprocess.run([environment.REEVE, "-c", uri, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30, check=False, **options)

    def ssh_uri(self, program=SSH, driver="test", path="default", **parameters):
        parameters = {"command": self.program("ssh", program), "socket": self.reeved.socket(), **parameters}
        return f"{driver}+ssh://root@far.example:2200/{path}?{urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)}"

    def recorded(self):
        with open(self.record, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_a_daemon_is_reached_by_ssh(self):
        self.reeved.client().define(guests.test_xml("a"), parent=api.TEST)
        done = self.reeve(self.ssh_uri(no_tty=1), "list", "--all", "--name")
        self.assertEqual((done.stdout.split(), done.stderr, done.returncode), (["a"], "", 0))
        self.assertEqual(self.recorded()[:11], ["-p", "2200", "-l", "root", "-T", "-e", "none", "-o", "BatchMode=yes", "--",
                                                "far.example"])
        session = self.reeve(self.ssh_uri(proxy="native"), "session")
        self.assertIn("UNIX", session.stdout.upper())

    def test_much_goes_through(self):
        client = self.reeved.client()
        for number in range(300):
            client.define(guests.test_xml(f"guest{number:03}"), parent=api.TEST)
        done = self.reeve(self.ssh_uri(), "list", "--all", "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["domains"]), 300)

    def test_nothing_of_a_uri_is_a_command(self):
        trap = os.path.join(self.folder, "trap")
        done = self.reeve(self.ssh_uri(socket=f"/x'; touch {trap}; echo '$(touch {trap})`touch {trap}`"), "list")
        self.assertEqual(done.returncode, 3)
        self.assertFalse(os.path.exists(trap))
        self.assertIn("cannot connect to /x'; touch", done.stderr)

    def test_what_ssh_says_is_told(self):
        done = self.reeve(self.ssh_uri(program=REFUSING), "list")
        self.assertEqual(done.returncode, 3)
        self.assertIn("ended with 255: root@host: Permission denied (publickey).", done.stderr)
        missing = self.reeve(self.ssh_uri(command="/no/such/ssh"), "list")
        self.assertEqual(missing.returncode, 3)
        self.assertIn("execute /no/such/ssh: ", missing.stderr)
        self.assertIn("No such file", missing.stderr)

    def test_waiting_for_ssh_can_be_ended(self):
        for program in (SILENT, STUBBORN):
            with self.subTest(program):
                self.interrupted(program)
                os.unlink(self.record)

    def interrupted(self, program):
        process = subprocess.Popen([environment.REEVE, "-c", self.ssh_uri(program=program), "list"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.variables())
        waiting.until(lambda: os.path.exists(self.record) and self.recorded(), "ssh was started")
        child = int(self.recorded()[0])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        self.assertNotEqual(process.returncode, 0, errors)
        processes.await_end(child)

    def test_a_program_that_ssh_leaves_behind_is_not_waited_for(self):
        done = self.reeve(self.ssh_uri(program=LEAVING), "list")  # within the 30 seconds that a test has
        os.kill(int(self.recorded()[0]), signal.SIGKILL)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("Permission denied (publickey)", done.stderr)

    def test_a_program_of_ones_own(self):
        tunnel = self.program("tunnel", f"#!/bin/sh\nexec reeve proxy --socket '{self.reeved.socket()}'\n")
        done = self.reeve(f"test+ext:///default?command={tunnel}", "hostname")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_proxy_ends_with_either_side(self):
        done = subprocess.run([environment.REEVE, "proxy", "--socket", self.reeved.socket()], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        process = subprocess.Popen([environment.REEVE, "proxy", "--socket", self.reeved.socket()], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(process.stdout.read(9))  # the daemon's settings of HTTP/2
        self.reeved.kill()
        self.assertEqual(process.wait(20), 0)
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        gone = subprocess.run([environment.REEVE, "proxy", "--socket", "/no/such/socket"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(gone.returncode, 3)
        self.assertIn("cannot connect to /no/such/socket", gone.stderr)

    def test_events_go_on_after_the_daemon_was_killed(self):
        client = self.reeved.client()
        watch = subprocess.Popen([environment.REEVE, "-c", self.ssh_uri(), "event", "--loop", "--from", "1"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=self.variables())
        self.addCleanup(watch.kill)
        client.define(guests.test_xml("before"), parent=api.TEST)
        self.assertIn("before", watch.stdout.readline())
        self.reeved.restart()
        self.reeved.client().define(guests.test_xml("after"), parent=api.TEST)
        self.assertIn("after", watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        output, errors = watch.communicate(timeout=20)
        self.assertIn("event stream continues behind revision", errors)
        self.assertNotIn("before", output)

    def test_names_stand_for_uris(self):
        config = os.path.join(self.folder, "client.toml")
        uri = f"test+unix:///default?socket={self.reeved.socket()}"
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"default_uri = 'here'\n[aliases]\nhere = '{uri}'\n")
        variables = self.variables(REEVE_CLIENT_CONFIG=config)
        self.assertEqual(self.reeve("here", "uri", env=variables).stdout.strip(), uri)
        words = subprocess.run([environment.REEVE, "complete", "--", "-c", "he"], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=20, check=False, env=variables)
        self.assertEqual(words.stdout.split(), ["here"])
        default = subprocess.run([environment.REEVE, "uri"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=20, check=False, env=variables)
        self.assertEqual(default.stdout.strip(), uri, default.stderr)
        with open(config, "a", encoding="utf-8") as file:
            file.write("there = 'lxc+tcp://host/'\n")
        whole = self.reeve(uri, "uri", env=variables)
        self.assertEqual(whole.stdout.strip(), uri, whole.stderr)  # and is in nobody's way who needs none
        wrong = self.reeve("here", "uri", env=variables)
        self.assertEqual(wrong.returncode, 3)
        self.assertIn(f"{config}:4:9: ", wrong.stderr)
