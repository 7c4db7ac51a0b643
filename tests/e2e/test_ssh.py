"""The transport ssh by OpenSSH's client and a real ssh server (dropbear), in a mount and a network namespace of their own: neither
sees the host's keys, known hosts or ports."""

import os
import shutil
import subprocess
import tempfile

import guests
import waiting
from harness import EndToEnd, api, environment

# The server, as the first program of its namespaces; root's home is a folder of the test.
SERVER = """set -e
ip link set lo up
mount --bind "$1" "$(getent passwd root | cut -d : -f 6)"
exec dropbear -F -E -s -r "$2" -p 127.0.0.1:22 -P "$3"
"""
TIMEOUT = 60  # the key exchange costs a loaded machine seconds


class Ssh(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.home = os.path.join(folder.name, "home")
        os.makedirs(os.path.join(self.home, ".ssh"), 0o700)
        # What a package puts into /usr/bin; the build may lie below the home that is not to be seen.
        os.makedirs(os.path.join(self.home, "bin"))
        self.program = shutil.copy(environment.REEVE, os.path.join(self.home, "bin", "reeve"))
        with open(os.path.join(self.home, ".bashrc"), "w", encoding="utf-8") as file:
            file.write(f"PATH={self.home}/bin:$PATH\n")
        host_key = os.path.join(folder.name, "host_key")
        self.key = os.path.join(folder.name, "key")
        for command in (["dropbearkey", "-t", "ed25519", "-f", host_key],
                        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key]):
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT)
        with open(f"{self.key}.pub", encoding="utf-8") as public, \
                open(os.path.join(self.home, ".ssh", "authorized_keys"), "w", encoding="utf-8") as authorized:
            authorized.write(public.read())
        pid_file = os.path.join(folder.name, "pid")
        self.server = subprocess.Popen(["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", SERVER, "server",
                                        self.home, host_key, pid_file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server)
        waiting.until(lambda: os.path.exists(pid_file) or self.server.poll() is not None, "the ssh server listens")
        self.assertIsNone(self.server.poll(), "the ssh server has ended")

    def end_server(self):
        self.server.kill()
        self.server.communicate()

    def command(self, *arguments, **parameters):
        parameters = {"socket": self.reeved.socket(), "keyfile": self.key, "no_tty": 1, "no_verify": 1, **parameters}
        text = "&".join(f"{name}={value}" for name, value in parameters.items())
        return ["nsenter", "--mount", "--net", "--target", str(self.server.pid), self.program, "-c",
                f"test+ssh://root@127.0.0.1/default?{text}", *arguments]

    def reeve(self, *arguments, **parameters):
        return subprocess.run(self.command(*arguments, **parameters), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)

    def test_a_daemon_is_reached(self):
        self.reeved.client().define(guests.test_xml("a"), parent=api.TEST)
        done = self.reeve("list", "--all", "--name")
        self.assertEqual((done.stdout.split(), done.returncode), (["a"], 0), done.stderr)
        self.assertIn("warning: no_verify", done.stderr)
        # The key was taken at the first time, and is known now.
        known = self.reeve("auth", "whoami", no_verify=0)
        self.assertEqual(known.returncode, 0, known.stderr)
        self.assertNotIn("warning", known.stderr)
        self.assertRegex(known.stdout, r"Identity: +unix:root")
        self.assertRegex(known.stdout, r"Encrypted: +yes")
        self.assertRegex(known.stdout, r"Secure: +yes")

    def test_refusals_are_told_and_final(self):
        unknown = self.reeve("list", no_verify=0)
        self.assertEqual(unknown.returncode, 3, unknown.stdout)
        self.assertIn("Host key verification failed", unknown.stderr)
        os.truncate(os.path.join(self.home, ".ssh", "authorized_keys"), 0)
        denied = self.reeve("list")
        self.assertEqual(denied.returncode, 3, denied.stdout)
        self.assertIn("Permission denied", denied.stderr)

    def test_a_watch_survives_the_daemon_and_ends_when_it_is_refused(self):
        client = self.reeved.client()
        watch = subprocess.Popen(self.command("event", "--loop", "--from", "1"), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(watch.kill)
        client.define(guests.test_xml("before"), parent=api.TEST)
        self.assertIn("before", watch.stdout.readline())
        self.reeved.restart()
        self.reeved.client().define(guests.test_xml("after"), parent=api.TEST)
        self.assertIn("after", watch.stdout.readline())
        os.truncate(os.path.join(self.home, ".ssh", "authorized_keys"), 0)
        self.reeved.kill()
        # Without the refusal it would try for ever.
        _, errors = watch.communicate(timeout=TIMEOUT)
        self.assertNotEqual(watch.returncode, 0)
        self.assertIn("event stream continues behind revision", errors)
        self.assertIn("Permission denied", errors)

    def test_the_read_only_socket_and_a_daemon_that_is_gone(self):
        self.reeved.client().define(guests.test_xml("a"), parent=api.TEST)
        done = self.reeve("start", "a", socket=self.reeved.socket(read_only=True))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("read-only", done.stderr)
        self.reeved.kill()
        gone = self.reeve("list")
        self.assertEqual(gone.returncode, 3)
        self.assertIn("cannot connect to", gone.stderr)
