"""What a guest may not do by default, and how each protection is opened by name."""

import os
import re

import guests
from harness import EndToEnd, environment

IDMAP = "<idmap><uid start='0' target='200000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>"



class Safety(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def output(self, script, name="s", until=b"END-OF-SCRIPT", extra=IDMAP, **more):
        """Runs a script as first process and returns what it wrote."""
        self.client.define(guests.xml(name, self.root, script=f"{script}; echo {until.decode()}; exec sleep 1000", extra=extra,
                                      **more))
        self.domain = self.client.start(name)
        console = self.client.console(name)
        console.wait_output(until)
        return console.output().decode(errors="replace").replace("\r\n", "\n")

    def test_a_root_of_somebody_else_is_refused(self):
        os.chown(self.root, 4242, 4242)
        self.client.define(guests.xml("s", self.root, extra=IDMAP))
        with self.fails("START_FAILED", "belongs to user 4242"):
            self.client.start("s")
        self.assertEqual(self.before.beyond(), [])

    def test_what_is_read_only_or_hidden_stays_so(self):
        share = os.path.join(environment.temporary_folder(), "share")
        os.makedirs(share)
        devices = f"<filesystem type='mount'><source dir='{share}'/><target dir='/mnt'/><readonly/></filesystem>"
        text = self.output(
            "try() { if \"$@\" 2>/dev/null; then echo \"DONE: $*\"; else echo \"refused: $*\"; fi; }; "
            "try mount -o remount,rw,bind /mnt; try mount -o remount,rw /mnt; try touch /mnt/x; "
            "try mount -o remount,rw,bind /proc/sys; try umount /proc/sys; try umount -l /proc/sys; "
            "try umount -l /proc/kcore; try umount -l /sys/firmware; try mount -o remount,rw,bind /sys; "
            "try sh -c 'echo x > /proc/sys/kernel/core_pattern'; try sh -c 'echo x > /proc/sys/kernel/hostname'; "
            "try sh -c 'echo b > /proc/sysrq-trigger'; try mount -t proc proc /home; try mount -t sysfs sysfs /home; "
            "try sh -c '[ $(head -c 1 /proc/kcore | wc -c) = 1 ]'; try sh -c '[ -s /proc/keys ]'; "
            "try sh -c '[ $(ls /sys/firmware | wc -l) -gt 0 ]'; "
            "try sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward' && echo network-is-mine",
            devices=devices)
        done = re.findall(r"^DONE: (.*)$", text, re.MULTILINE)
        self.assertEqual(done, ["sh -c echo 1 > /proc/sys/net/ipv4/ip_forward"], text)
        self.assertEqual(os.listdir(share), [])

    def test_a_read_only_root_cannot_be_made_writable(self):
        document = guests.xml("s", self.root, script="mount -o remount,rw / 2>&1; mount -o remount,rw,bind / 2>&1; "
                              "touch /x 2>&1; echo END-OF-SCRIPT; exec sleep 1000", extra=IDMAP).replace(
            "<target dir='/'/>", "<target dir='/'/><readonly/>")
        self.client.define(document)
        self.client.start("s")
        self.client.console("s").wait_output(b"END-OF-SCRIPT")
        self.assertFalse(os.path.exists(os.path.join(self.root, "x")))

    def test_system_calls_are_filtered(self):
        text = self.output("grep Seccomp: /proc/self/status; dmesg 2>&1 | tail -1; swapoff -a 2>&1; "
                           "true")
        self.assertRegex(text, r"Seccomp:\s+2")
        self.assertIn("dmesg: klogctl: Operation not permitted", text)

    def test_nothing_of_the_host_is_open_in_init(self):
        text = self.output("ls -l /proc/1/fd")
        targets = re.findall(r"-> (\S+)", text)
        self.assertTrue(targets)
        for target in targets:
            self.assertRegex(target, r"^(/dev/(console|pts/\d+|tty)|/proc/1/fd)$", text)

    def test_no_device_of_the_host(self):
        text = self.output("mknod /tmp/sda b 8 0 2>&1; mknod /tmp/mem c 1 1 2>&1; ls /dev; "
                           "mkdir -p /tmp/c && mount -t cgroup -o devices none /tmp/c 2>&1 && echo mounted; "
                           "sh -c 'echo /x > /tmp/c/release_agent' 2>/dev/null && echo ESCAPED; "
                           "sh -c 'echo a > /tmp/c/devices.allow' 2>/dev/null && echo ALLOWED; echo")
        self.assertEqual(text.count("Operation not permitted") >= 2, True, text)
        self.assertNotIn("ESCAPED", text)
        self.assertNotIn("ALLOWED", text)
        for name in ("sda", "mem", "kmsg", "loop0", "fuse"):
            self.assertNotRegex(text, rf"(?m)^{name}$")

    def test_links_in_the_root_lead_nowhere(self):
        """/dev, /proc, /sys, init and targets that are links to the host: nothing of it is touched."""
        victim = os.path.join(environment.temporary_folder(), "victim")
        os.makedirs(victim)
        self.client.define(guests.xml("l", self.root, extra=IDMAP))
        for name in ("proc", "sys", "dev"):
            with self.subTest(name):
                place = os.path.join(self.root, name)
                if os.path.isdir(place):
                    os.rmdir(place)
                os.symlink(victim, place)
                with self.fails("START_FAILED"):
                    self.client.start("l")
                os.unlink(place)
                os.symlink("../../../../../../.." + victim, place)
                with self.fails("START_FAILED"):
                    self.client.start("l")
                os.unlink(place)
                os.makedirs(place)
                self.assertEqual(os.listdir(victim), [])
        os.symlink("/proc/1/root" + victim, os.path.join(self.root, "magic"))
        self.client.define(guests.xml("m", self.root, devices="<filesystem type='ram'><source usage='64' units='KiB'/>"
                                      "<target dir='/magic/x'/></filesystem>"))
        with self.fails("START_FAILED"):
            self.client.start("m")
        self.assertEqual(os.listdir(victim), [])

    def test_hostile_user_databases(self):
        passwd = os.path.join(self.root, "etc/passwd")
        self.client.define(guests.xml("u", self.root).replace("</os>", "<inituser>web</inituser></os>"))
        for content in (b"web:x:4294967295:0::/:/bin/sh\n", b"web:x:-1:0::/:\n", b"web:x:1\n", b"web" * 2000000,
                        b"\0\0web:x:1:1::\n", b"web:x:99999999999999999999:1::\n"):
            with self.subTest(content[:20]):
                with open(passwd, "wb") as file:
                    file.write(content)
                with self.fails("START_FAILED", "web"):
                    self.client.start("u")
        os.unlink(passwd)
        os.mkfifo(passwd)
        with self.fails("START_FAILED", "web"):
            self.client.start("u")
        os.unlink(passwd)
        os.symlink("/proc/1/root/etc/passwd", passwd)
        with self.fails("START_FAILED", "web"):
            self.client.start("u")

    def test_files_of_the_daemon_are_closed(self):
        self.output("true")
        run = os.path.join(self.reeved.root, "run/reeve/lxc")
        for place, folders, files in os.walk(run):
            for name in folders + files:
                mode = os.lstat(os.path.join(place, name)).st_mode & 0o777
                self.assertEqual(mode & 0o077, 0, f"{name} has mode {mode:o}")
        self.assertEqual(os.stat(run).st_mode & 0o777, 0o700)
