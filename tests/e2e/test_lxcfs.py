"""What a container sees of its limits in /proc, by Debian's lxcfs."""

import os
import shutil
import subprocess

import guests
import leftovers
import waiting
from harness import EndToEnd, environment

MEMORY_KIB = 65536


class Lxcfs(EndToEnd):

    def setUp(self):
        super().setUp()
        program = shutil.which("lxcfs")
        if program is None or not os.path.exists("/dev/fuse"):
            self.skipTest("lxcfs is not installed, or there is no FUSE")
        self.mount = environment.temporary_folder()
        process = subprocess.Popen([program, "-f", "-p", os.path.join(environment.temporary_folder(), "pid"), self.mount],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        waiting.until(lambda: os.path.exists(os.path.join(self.mount, "proc/meminfo")), "lxcfs serves")
        self.before = leftovers.Snapshot()
        self.served = self.daemon(config="", start=False)
        path = os.path.join(self.served.root, "etc/reeve/reeved.toml")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("[lxc]\n", f'[lxc]\nlxcfs = "{self.mount}"\n')
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.served.start()
        self.client = self.served.client()

    def shell(self, script):
        code, output, error = self.client.run("web1", "sh", "-c", script)
        self.assertEqual(code.code, 0, error)
        return output.decode()

    def test_limits_are_seen_and_follow_changes(self):
        self.client.define(guests.xml("web1", self.root, memory_kib=MEMORY_KIB))
        started = self.client.start("web1")
        self.assertEqual(list(started.status.warnings), [])
        self.assertEqual(self.shell("grep MemTotal /proc/meminfo").split()[1], str(MEMORY_KIB))
        self.assertLess(float(self.shell("cat /proc/uptime").split()[0]), 600)
        for name in ("cpuinfo", "stat", "swaps", "diskstats", "loadavg"):
            self.assertTrue(self.shell(f"cat /proc/{name}; echo"), name)
        # Neither can be taken away from inside.
        self.assertIn("refused", self.shell("umount /proc/meminfo 2>/dev/null || echo refused"))
        self.served.cli("memtune", "web1", "--hard-limit", "98304", "--live")
        self.assertEqual(self.shell("grep MemTotal /proc/meminfo").split()[1], "98304")

    def test_not_where_it_is_not_wanted(self):
        self.client.define(guests.xml("web1", self.root, memory_kib=MEMORY_KIB, extra=(
            "<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:lxc><reeve:lxcfs use='no'/></reeve:lxc>"
            "</reeve:domain></metadata>")))
        self.client.start("web1")
        self.assertGreater(int(self.shell("grep MemTotal /proc/meminfo").split()[1]), MEMORY_KIB)
