"""What a guest has of its own, and what limits it."""

import os
import re
import subprocess
import time

import guests
import leftovers
from harness import EndToEnd, api, environment


class Isolation(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def output(self, script, name="i", until=b"END-OF-SCRIPT", **options):
        """Runs a script as first process and returns what it wrote."""
        self.client.define(guests.xml(name, self.root, script=f"{script}; echo {until.decode()}; exec sleep 1000", **options))
        self.domain = self.client.start(name)
        console = self.client.console(name)
        console.wait_output(until)
        return console.output().decode(errors="replace").replace("\r\n", "\n")

    def group_file(self, *names):
        """Content of a control file of the guest's group."""
        for path in leftovers.groups():
            for file in names:
                full = os.path.join(path, file)
                if os.path.exists(full) and str(self.domain.status.id) in open(
                        os.path.join(path, "cgroup.procs"), encoding="utf-8").read().split():
                    return open(full, encoding="utf-8").read().strip()
        raise AssertionError(f"no group of the guest has {names}: {leftovers.groups()}")

    def test_namespaces_are_the_guests_own(self):
        text = self.output("echo pid=$$; hostname; ls /sys/class/net; ps | wc -l; for n in pid mnt uts ipc net cgroup; do "
                           "readlink /proc/self/ns/$n; done; cat /proc/self/cgroup")
        self.assertIn("pid=1\n", text)
        self.assertIn("\ni\n", text)
        for kind in ("pid", "mnt", "uts", "ipc", "net", "cgroup"):
            inside = re.search(rf"{kind}:\[\d+\]", text)
            self.assertTrue(inside, text)
            self.assertNotEqual(inside[0], os.readlink(f"/proc/self/ns/{kind}"), kind)
        self.assertNotIn(leftovers.PARTITION, text, "the guest sees the path of its group")

    def test_the_host_is_not_to_be_seen(self):
        text = self.output("cat /proc/1/comm; mount; ls /; cat /proc/self/mountinfo | wc -l; ls /proc/self/fd")
        self.assertNotIn(self.reeved.root, text)
        self.assertNotIn(environment.ROOT, text)

    def test_the_host_network_only_when_asked(self):
        subprocess.run(["ip", "link", "add", "e2ehost0", "type", "veth", "peer", "name", "e2ehost1"], check=True)
        try:
            text = self.output("cat /proc/net/dev", name="private")
            self.assertNotIn("e2ehost0", text)
            self.assertIn("lo:", text)
            text = self.output("cat /proc/net/dev", name="host", features="")
            private_by_default = "e2ehost0" not in text
            self.assertTrue(private_by_default, "without <privnet/> and interface the host's network came in")
        finally:
            subprocess.run(["ip", "link", "del", "e2ehost0"], check=True)

    def test_a_veth_into_an_existing_bridge(self):
        subprocess.run(["ip", "link", "add", "e2ebr0", "type", "bridge"], check=True)
        subprocess.run(["ip", "addr", "add", "10.99.0.1/24", "dev", "e2ebr0"], check=True)
        subprocess.run(["ip", "link", "set", "e2ebr0", "up"], check=True)
        try:
            text = self.output(
                "ip addr show eth0; ping -c 1 -W 5 10.99.0.1 >/dev/null && echo reached", devices=
                "<interface type='bridge'><mac address='52:54:00:aa:bb:01'/><source bridge='e2ebr0'/>"
                "<ip address='10.99.0.2' prefix='24'/></interface>")
            self.assertIn("52:54:00:aa:bb:01", text)
            self.assertIn("10.99.0.2/24", text)
            self.assertIn("reached", text)
            ports = os.listdir("/sys/class/net") and subprocess.run(
                ["ip", "-o", "link", "show", "master", "e2ebr0"], check=True, stdout=subprocess.PIPE, text=True).stdout
            self.assertEqual(len(ports.splitlines()), 1, ports)
            self.client.verb("Destroy", "i")
            # The kernel removes the host's end with the guest's namespace, a moment after the guest is gone.
            deadline = time.monotonic() + 10
            while ports and time.monotonic() < deadline:
                ports = subprocess.run(["ip", "-o", "link", "show", "master", "e2ebr0"], check=True,
                                       stdout=subprocess.PIPE, text=True).stdout
            self.assertEqual(ports, "")
        finally:
            subprocess.run(["ip", "link", "del", "e2ebr0"], check=True)

    def test_mounts_bind_ram_and_read_only(self):
        share = os.path.join(environment.temporary_folder(), "share")
        os.makedirs(share)
        with open(os.path.join(share, "hello"), "w", encoding="utf-8") as file:
            file.write("from the host\n")
        os.makedirs(os.path.join(self.root, "data"), exist_ok=True)
        devices = f"""
          <filesystem type='mount'><source dir='{share}'/><target dir='/mnt'/><readonly/></filesystem>
          <filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/data'/></filesystem>
          <filesystem type='bind'><source dir='/usr'/><target dir='/home'/></filesystem>"""
        text = self.output("cat /mnt/hello; touch /mnt/x 2>&1; df -k /data | tail -1; ls /home; "
                           "head -c 2000000 /dev/zero > /data/big 2>&1; stat -c %s /data/big; rm /data/big", devices=devices)
        self.assertIn("from the host", text)
        self.assertIn("Read-only file system", text)
        self.assertIn("1024", text)
        self.assertIn("sbin", text)
        self.assertRegex(text, r"(?m)^1048576$", "2 MB were written into 1 MiB")
        self.assertFalse(os.path.exists(os.path.join(share, "x")))

    def test_a_read_only_root(self):
        document = guests.xml("i", self.root, script="touch /x 2>&1; touch /etc/x 2>&1; echo written > /dev/null; "
                              "echo END-OF-SCRIPT; exec sleep 1000").replace(
            "<target dir='/'/>", "<target dir='/'/><readonly/>")
        self.client.define(document)
        self.client.start("i")
        console = self.client.console("i")
        console.wait_output(b"END-OF-SCRIPT")
        self.assertEqual(console.output().count(b"Read-only file system"), 2, console.output())
        self.assertFalse(os.path.exists(os.path.join(self.root, "x")))

    def test_a_user_namespace_with_an_id_map(self):
        extra = "<idmap><uid start='0' target='200000' count='65536'/><gid start='0' target='300000' count='65536'/></idmap>"
        text = self.output("id -u; cat /proc/self/uid_map; stat -c 'owner %u' /etc; touch /tmp/mine && echo made", extra=extra)
        self.assertRegex(text, r"0\s+200000\s+65536")
        status = open(f"/proc/{self.domain.status.id}/status", encoding="utf-8").read()
        self.assertRegex(status, r"Uid:\s+200000")
        self.assertRegex(status, r"Gid:\s+300000")
        self.assertIn("made", text)
        self.assertIn("owner 0", text, "the root's owner is not mapped into the guest")

    def test_memory_limit_and_cpu_shares_are_in_the_groups_files(self):
        self.output("true", memory_kib=49152, extra="<cputune><shares>512</shares><period>100000</period>"
                    "<quota>50000</quota></cputune>")
        self.assertEqual(self.group_file("memory.limit_in_bytes", "memory.max"), str(48 << 20))
        self.assertIn(self.group_file("cpu.shares", "cpu.weight"), ("512", "20"))
        self.assertIn(self.group_file("cpu.cfs_quota_us", "cpu.max"), ("50000", "50000 100000"))

    def test_capabilities_are_few_by_default(self):
        text = self.output("grep CapBnd /proc/self/status; mknod /tmp/n c 1 3 2>&1; date -s 2020-01-01 2>&1 | tail -1")
        bounding = int(re.search(r"CapBnd:\s+([0-9a-f]+)", text)[1], 16)
        for number, word in ((16, "sys_module"), (25, "sys_time"), (27, "mknod")):
            self.assertFalse(bounding >> number & 1, word)
        self.assertNotIn("2020", open("/proc/driver/rtc", encoding="utf-8").read() if os.path.exists("/proc/driver/rtc") else "")
        self.assertIn("Operation not permitted", text)

    def test_the_environment_is_libvirts_and_the_specs(self):
        text = self.output("env; tty; [ -t 0 ] && echo terminal",
                           extra="")
        self.assertIn("container=", text)
        self.assertIn("terminal", text)
        self.assertNotIn("NOTIFY_SOCKET", text)

    def test_two_consoles_readers_and_one_writer(self):
        self.client.define(guests.xml("c", self.root, init=["/bin/sh"]))
        self.client.start("c")
        first = self.client.console("c")
        first.wait(lambda: first.messages, "opened")
        with self.fails("CONSOLE_BUSY"):
            second = self.client.console("c")
            raise second.wait_end()
        reader = self.client.console("c", read_only=True)
        reader.wait(lambda: reader.messages, "opened")
        first.write(b"echo $((6*7))\n")
        first.wait_output(b"42")
        reader.wait_output(b"42")
        with self.fails("CONSOLE_NOT_FOUND"):
            raise self.client.console("c", console=7).wait_end()
        taker = self.client.console("c", force=True)
        taker.wait(lambda: taker.messages, "opened")
        taker.write(b"exit 5\n")
        taker.wait_end()

    def test_api_console_needs_a_running_domain(self):
        self.client.define(guests.xml("off", self.root))
        with self.fails("DOMAIN_STATE"):
            raise self.client.console("off").wait_end()
        self.assertEqual(api.state(self.client.get("off")), "SHUTOFF")
