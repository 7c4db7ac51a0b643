"""What a guest may not do by default, and how each protection is opened by name."""

import os
import re

import guests
from harness import EndToEnd, environment

RESERVED = 805306368
OPTIONS = "<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:lxc>%s</reeve:lxc></reeve:domain></metadata>"


def options(*elements):
    return OPTIONS % "".join(elements)


class Safety(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def output(self, script, name="s", until=b"END-OF-SCRIPT", **more):
        """Runs a script as first process and returns what it wrote."""
        self.client.define(guests.xml(name, self.root, script=f"{script}; echo {until.decode()}; exec sleep 1000", **more))
        self.domain = self.client.start(name)
        console = self.client.console(name)
        console.wait_output(until)
        return console.output().decode(errors="replace").replace("\r\n", "\n")

    def first_id(self, name):
        return self.client.get(name).spec.id_map.users[0].target

    def test_each_domain_has_ids_of_its_own_that_stay(self):
        for name in ("a", "b"):
            self.client.define(guests.xml(name, self.root))
        self.assertEqual((self.first_id("a"), self.first_id("b")), (RESERVED, RESERVED + 65536))
        path = os.path.join(environment.temporary_folder(), "a.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(guests.xml("a", self.root, memory_kib=32768))
        self.reeved.cli("define", path)
        self.assertEqual(self.first_id("a"), RESERVED)
        self.reeved.restart()
        self.client = self.reeved.client()
        self.client.define(guests.xml("c", self.root))
        self.assertEqual(self.first_id("c"), RESERVED + 2 * 65536)
        self.client.undefine("a")
        self.client.define(guests.xml("d", self.root))
        self.assertEqual(self.first_id("d"), RESERVED)
        self.assertIn(f"<uid start='0' target='{RESERVED}' count='65536'/>", self.reeved.cli("dumpxml", "d").stdout)
        text = self.output("cat /proc/self/uid_map; touch /tmp/mine && stat -c owner=%u /tmp/mine")
        self.assertRegex(text, rf"0\s+{RESERVED + 3 * 65536}\s+65536")
        self.assertIn("owner=0", text)
        status = open(f"/proc/{self.domain.status.id}/status", encoding="utf-8").read()
        self.assertRegex(status, rf"Uid:\s+{RESERVED + 3 * 65536}")

    def test_ids_come_from_subuid(self):
        for file in ("subuid", "subgid"):
            with open(os.path.join(self.reeved.root, "etc", file), "w", encoding="utf-8") as text:
                text.write("alice:100000:65536\nroot:200000:65536\n")
        self.client.define(guests.xml("a", self.root))
        self.assertEqual(self.first_id("a"), 200000)
        with self.fails("NO_ID_RANGE", "usermod --add-subuids", "ID_MAP_MODE_HOST"):
            self.client.define(guests.xml("b", self.root))
        self.client.define(guests.xml("b", self.root, extra=options("<reeve:idmap count='10'/>")
                                      .replace("count='10'", "mode='host'")))
        self.client.undefine("a")
        self.client.define(guests.xml("c", self.root, extra=options("<reeve:idmap count='1000'/>")))
        self.assertEqual(self.client.get("c").spec.id_map.users[0].count, 1000)

    def test_the_hosts_user_namespace_only_by_name(self):
        text = self.output("cat /proc/self/uid_map", extra=options("<reeve:idmap mode='host'/>"))
        self.assertRegex(text, r"0\s+0\s+4294967295")

    def test_a_root_of_somebody_else_is_refused(self):
        os.chown(self.root, 4242, 4242)
        self.client.define(guests.xml("s", self.root))
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
                              "touch /x 2>&1; echo END-OF-SCRIPT; exec sleep 1000").replace(
            "<target dir='/'/>", "<target dir='/'/><readonly/>")
        self.client.define(document)
        self.client.start("s")
        self.client.console("s").wait_output(b"END-OF-SCRIPT")
        self.assertFalse(os.path.exists(os.path.join(self.root, "x")))

    def test_opened_by_name(self):
        text = self.output("umount /proc/keys 2>/dev/null; [ $(wc -c < /proc/keys) -ge 0 ] && echo read; mount -t proc p /home && "
                           "echo fresh; grep Seccomp: /proc/self/status; grep NoNewPrivs /proc/self/status",
                           extra=options("<reeve:no_new_privileges/>", "<reeve:calls policy='allow'/>",
                                         "<reeve:open path='all'/>"))
        self.assertIn("fresh", text)
        self.assertRegex(text, r"Seccomp:\s+0")
        self.assertRegex(text, r"NoNewPrivs:\s+1")
        with self.fails("SPEC_INVALID", "/proc/none"):
            self.client.define(guests.xml("t", self.root, extra=options("<reeve:open path='/proc/none'/>")))
        with self.fails("SPEC_INVALID", "notacall"):
            self.client.define(guests.xml("t", self.root, extra=options(
                "<reeve:calls><reeve:call name='notacall' state='on'/></reeve:calls>")))

    def test_system_calls_are_filtered(self):
        text = self.output("grep Seccomp: /proc/self/status; dmesg 2>&1 | tail -1; swapoff -a 2>&1; "
                           "chroot / true 2>&1 || echo chroot-refused",
                           extra=options("<reeve:calls><reeve:call name='chroot' state='off'/></reeve:calls>"))
        self.assertRegex(text, r"Seccomp:\s+2")
        self.assertIn("dmesg: klogctl: Operation not permitted", text)
        self.assertIn("chroot-refused", text)

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

    def test_devices_are_allowed_one_by_one(self):
        """Also for a guest that may make nodes, in the host's user namespace: the last line of defence."""
        features = "<privnet/><capabilities policy='default'><mknod state='on'/></capabilities>"
        script = ("try() { if \"$@\" 2>/dev/null; then echo \"DONE: $*\"; else echo \"refused: $*\"; fi; }; "
                  "try mknod /tmp/null c 1 3; try sh -c ': > /tmp/null'; try mknod /tmp/mem c 1 1; try mknod /tmp/kmsg c 1 11; "
                  "try mknod /tmp/loop b 7 0; try mknod /tmp/fuse c 10 229; try mknod /tmp/tun c 10 200")
        text = self.output(script, features=features, extra=options("<reeve:idmap mode='host'/>"))
        done = re.findall(r"^DONE: (.*)$", text, re.MULTILINE)
        self.assertEqual(done, ["mknod /tmp/null c 1 3", "sh -c : > /tmp/null", "mknod /tmp/fuse c 10 229"], text)
        self.client.verb("Destroy", "s")
        self.client.undefine("s")
        text = self.output("rm -f /tmp/*; " + script, features=features, extra=options(
            "<reeve:idmap mode='host'/>", "<reeve:device type='char' major='1' minor='11'/>", "<reeve:device type='block' major='7'/>"))
        done = re.findall(r"^DONE: mknod (.*)$", text, re.MULTILINE)
        self.assertEqual(done, ["/tmp/null c 1 3", "/tmp/kmsg c 1 11", "/tmp/loop b 7 0", "/tmp/fuse c 10 229"], text)

    def test_the_supervisor_is_not_the_file(self):
        """A guest of the host's user namespace that opens its /proc/self/exe, or the supervisor's, for writing."""
        self.output("true", extra=options("<reeve:idmap mode='host'/>"))
        program = os.readlink(f"/proc/{self.domain.status.supervisor_pid}/exe")
        self.assertTrue(program.startswith("/memfd:"), program)
        with self.assertRaises(OSError), open(f"/proc/{self.domain.status.supervisor_pid}/exe", "r+b", buffering=0) as file:
            file.write(b"x")

    def test_what_lxcfs_does_not_show_is_told(self):
        self.client.define(guests.xml("s", self.root))
        domain = self.client.start("s")
        self.assertIn("lxcfs is not mounted", "".join(domain.status.warnings))
        self.assertIn("lxcfs is not mounted", self.reeved.cli("dominfo", "s").stdout)
        self.client.verb("Destroy", "s")
        self.assertEqual(len(self.client.get("s").status.warnings), 0)
        self.client.define(guests.xml("t", self.root, extra=options("<reeve:lxcfs use='yes'/>")))
        with self.fails("START_FAILED", "lxcfs is not mounted"):
            self.client.start("t")

    def test_links_in_the_root_lead_nowhere(self):
        """/dev, /proc, /sys, init and targets that are links to the host: nothing of it is touched."""
        victim = os.path.join(environment.temporary_folder(), "victim")
        os.makedirs(victim)
        self.client.define(guests.xml("l", self.root))
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

    def test_hostile_libraries(self):
        """What the guest would have a program of its C library load is loaded by none of ours."""
        for path, text in (("etc/ld.so.preload", "/lib/evil.so\n"), ("lib/evil.so", "no library"),
                           ("etc/nsswitch.conf", "passwd: evil\ngroup: evil\n"), ("lib/libnss_evil.so.2", "no library")):
            os.makedirs(os.path.dirname(os.path.join(self.root, path)), exist_ok=True)
            with open(os.path.join(self.root, path), "w", encoding="utf-8") as file:
                file.write(text)
        with open(os.path.join(self.root, "etc/passwd"), "a", encoding="utf-8") as file:
            file.write("visitor:x:1234:1234::/:/bin/sh\n")
        self.output("true")
        self.assertEqual(self.client.run("s", "/bin/busybox", "id", "-u", user="visitor")[1:], (b"1234\n", b""))
        self.client.push("s", "/tmp/pushed", b"whole")
        self.assertEqual(self.client.run("s", "cat", "/tmp/pushed")[1:], (b"whole", b""))

    def test_files_of_the_daemon_are_closed(self):
        mask = os.umask(0)
        self.addCleanup(os.umask, mask)
        self.reeved.restart()
        self.client = self.reeved.client()
        self.output("true")
        run = os.path.join(self.reeved.root, "run/reeve/lxc")
        for place, folders, files in os.walk(run):
            for name in folders + files:
                mode = os.lstat(os.path.join(place, name)).st_mode & 0o777
                self.assertEqual(mode & 0o077, 0, f"{name} has mode {mode:o}")
        self.assertEqual(os.stat(run).st_mode & 0o777, 0o700)
