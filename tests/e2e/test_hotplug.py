"""Devices that come, go and change while a container runs; what survives a reboot of it and a restart of the daemon."""

import json
import os
import re
import subprocess

import guests
import waiting
from harness import EndToEnd, api, environment, leftovers

IMAGE_BYTES = 8 << 20


class Hotplug(EndToEnd):

    def setUp(self):
        super().setUp()
        self.folder = environment.temporary_folder()
        self.served = self.daemon()
        self.client = self.served.client()

    def run_guest(self, **options):
        self.client.define(guests.xml("web1", self.root, **options))
        return self.client.start("web1")

    def shell(self, script):
        status, output, error = self.client.run("web1", "sh", "-c", script)
        return status.code, (output + error).decode()

    def reboot(self):
        before = self.client.get("web1").status.start_time
        self.client.verb("Reboot", "web1")
        waiting.until(lambda: self.client.get("web1").status.start_time != before, "the guest has started again")

    def document(self, text):
        path = os.path.join(self.folder, "device.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def attach(self, text, *flags, verb="attach-device", check=True):
        return self.served.cli(verb, "web1", self.document(text), *(flags or ("--live",)), check=check)

    def image(self, name="disk.img", content=b"REEVE-DISK"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
            file.truncate(IMAGE_BYTES)
        return path

    def loops(self):
        return subprocess.run(["losetup", "-a"], stdout=subprocess.PIPE, check=True, text=True).stdout.count(self.folder)

    def test_a_disk(self):
        self.run_guest()
        disk = f"<disk type='file'><source file='{self.image()}'/><target dev='vda'/></disk>"
        self.attach(disk)
        self.assertEqual(self.shell("head -c 10 /dev/vda"), (0, "REEVE-DISK"))
        self.assertEqual(self.shell("printf written | dd of=/dev/vda conv=notrunc 2>/dev/null")[0], 0)
        self.assertEqual(len(self.client.get("web1").spec.devices.disks), 0)  # the definition is another thing
        self.assertIn("vda", self.served.cli("dumpxml", "web1").stdout)
        with self.fails("DEVICE_EXISTS", "vda"):
            self.client.devices.AttachDevice(self.request(disk))
        self.reboot()
        waiting.until(lambda: self.shell("head -c 7 /dev/vda") == (0, "written"), "the disk after a reboot")
        self.served.restart()
        self.client = self.served.client()
        self.attach(disk, verb="detach-device")
        self.assertNotEqual(self.shell("head -c 1 /dev/vda")[0], 0)
        # Not even by another node: the permission is gone, too.
        self.assertEqual(self.loops(), 0)
        with self.fails("DEVICE_NOT_FOUND"):
            self.client.devices.DetachDevice(self.request(disk))

    def request(self, text, **fields):
        request = api.device_service_pb2.DeviceRequest(name=api.name("web1"), live=True, **fields)
        request.document.format = api.domain_service_pb2.Document.FORMAT_LIBVIRT_XML
        request.document.text = text
        return request

    def test_a_disk_of_the_start_goes(self):
        path = self.image()
        disk = f"<disk type='file'><source file='{path}'/><target dev='vda'/></disk>"
        self.run_guest(devices=disk)
        self.assertEqual(self.shell("head -c 10 /dev/vda"), (0, "REEVE-DISK"))
        self.attach(disk, "--live", "--config", verb="detach-device")
        self.assertEqual(self.loops(), 0)
        self.assertEqual(len(self.client.get("web1").spec.devices.disks), 0)

    def test_permission_goes_with_the_device(self):
        """A guest that may make nodes has no use of them: devices are allowed one by one."""
        features = "<privnet/><capabilities policy='default'><mknod state='on'/></capabilities>"
        extra = "<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:lxc><reeve:idmap mode='host'/>" \
                "</reeve:lxc></reeve:domain></metadata>"
        self.run_guest(features=features, extra=extra)
        disk = f"<disk type='file'><source file='{self.image()}'/><target dev='vda'/></disk>"
        self.attach(disk)
        code, numbers = self.shell("stat -c '%t %T' /dev/vda")
        self.assertEqual(code, 0, numbers)
        major, minor = (int(number, 16) for number in numbers.split())
        self.assertEqual(self.shell(f"mknod /tmp/copy b {major} {minor} && head -c 5 /tmp/copy"), (0, "REEVE"))
        code, text = self.shell(f"mknod /tmp/other b {major} {minor + 1}")
        self.assertIn("Operation not permitted", text)
        self.attach(disk, verb="detach-device")
        code, text = self.shell("head -c 5 /tmp/copy")
        self.assertIn("Operation not permitted", text)
        self.assertEqual(self.loops(), 0)

    def test_a_missing_image_changes_nothing(self):
        self.run_guest()
        before = self.served.cli("dumpxml", "web1").stdout
        with self.fails("DRIVER_FAILED", "/none.img"):
            self.client.devices.AttachDevice(self.request(
                "<disk type='file'><source file='/none.img'/><target dev='vda'/></disk>"))
        self.assertEqual(self.served.cli("dumpxml", "web1").stdout, before)
        self.assertNotIn("vda", self.shell("ls /dev")[1])

    def test_links_in_dev_lead_nowhere(self):
        victim = os.path.join(self.folder, "victim")
        os.makedirs(victim)
        self.run_guest()
        self.shell(f"ln -s {victim} /dev/net; ln -s {victim}/x /dev/vdb; ln -s ../../../../..{victim}/x /dev/vdc")
        tun = "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>"
        disk = f"<disk type='file'><source file='{self.image()}'/><target dev='%s'/></disk>"
        for document in (tun, disk % "vdb", disk % "vdc"):
            with self.subTest(document), self.fails("DRIVER_FAILED", "/dev/"):
                self.client.devices.AttachDevice(self.request(document))
        self.assertEqual(os.listdir(victim), [])
        self.assertEqual(self.loops(), 0)

    def test_a_host_device(self):
        self.run_guest()
        device = "<hostdev mode='capabilities' type='misc'><source><char>/dev/full</char></source></hostdev>"
        with self.fails("SPEC_INVALID"):
            self.client.devices.AttachDevice(self.request(device))  # every guest has one
        device = "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>"
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("the host has no /dev/net/tun")
        self.attach(device)
        self.assertEqual(self.shell("exec 3<>/dev/net/tun && echo open"), (0, "open\n"))
        self.attach(device, verb="detach-device")
        self.assertNotEqual(self.shell("[ -e /dev/net/tun ]")[0], 0)

    def test_a_directory(self):
        share = os.path.join(self.folder, "share")
        os.makedirs(share)
        with open(os.path.join(share, "hello"), "w", encoding="utf-8") as file:
            file.write("from the host\n")
        self.run_guest()
        filesystem = f"<filesystem type='mount'><source dir='{share}'/><target dir='/srv/data'/>%s</filesystem>"
        self.attach(filesystem % "<readonly/>")
        self.assertEqual(self.shell("cat /srv/data/hello"), (0, "from the host\n"))
        # As at the start: what is read-only cannot be made writable by anybody inside.
        for script in ("touch /srv/data/x", "mount -o remount,rw /srv/data", "mount -o remount,rw,bind /srv/data"):
            self.assertNotEqual(self.shell(script)[0], 0, script)
        self.assertEqual(sorted(os.listdir(share)), ["hello"])
        self.reboot()
        waiting.until(lambda: self.shell("cat /srv/data/hello") == (0, "from the host\n"), "the directory after a reboot")
        holder = self.client.execute("web1", "sh", "-c", "cd /srv/data && echo there && sleep 1000")
        holder.wait_output(b"there")
        with self.fails("DRIVER_FAILED", "/srv/data", "busy"):
            self.client.devices.DetachDevice(self.request(filesystem % "<readonly/>"))
        holder.close()
        waiting.until(lambda: self.attach(filesystem % "<readonly/>", verb="detach-device", check=False).returncode == 0,
                      "the directory to be let go of")
        self.assertNotEqual(self.shell("cat /srv/data/hello")[0], 0)
        self.attach(filesystem % "")
        self.assertEqual(self.shell("touch /srv/data/mine && stat -c %u /srv/data/mine"), (0, "0\n"))
        self.assertEqual(os.stat(os.path.join(share, "mine")).st_uid, 0)

    def test_memory_and_images_and_the_guests_own(self):
        image = self.image("fs.img", b"")
        subprocess.run(["/sbin/mkfs.ext4", "-q", image], check=True)
        self.run_guest()
        ram = "<filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/mnt/ram'/></filesystem>"
        file = f"<filesystem type='file'><source file='{image}'/><target dir='/mnt/image'/></filesystem>"
        bind = "<filesystem type='bind'><source dir='/etc'/><target dir='/mnt/etc'/><readonly/></filesystem>"
        for document in (ram, file, bind):
            self.attach(document)
        code, mounts = self.shell("cat /proc/mounts")
        self.assertRegex(mounts, r" /mnt/ram tmpfs rw\S*size=1024k")
        self.assertRegex(mounts, r" /mnt/image ext4 ")
        self.assertEqual(self.shell("cat /mnt/etc/passwd")[1], self.shell("cat /etc/passwd")[1])
        self.assertNotEqual(self.shell("touch /mnt/etc/x")[0], 0)
        self.assertEqual(self.loops(), 1)
        for document in (ram, file, bind):
            self.attach(document, verb="detach-device")
        self.assertNotIn("/mnt/", self.shell("cat /proc/mounts")[1])
        waiting.until(lambda: self.loops() == 0, "the loop device to go")

    def test_targets_that_are_links_stay_inside(self):
        victim = os.path.join(self.folder, "victim")
        os.makedirs(victim)
        self.run_guest()
        self.shell(f"ln -s {victim} /out; ln -s /proc/1/root{victim} /magic")
        ram = "<filesystem type='ram'><source usage='64' units='KiB'/><target dir='%s'/></filesystem>"
        for target in ("/out/x", "/magic/x"):
            with self.fails("DRIVER_FAILED", target):
                self.client.devices.AttachDevice(self.request(ram % target))
        self.assertEqual(os.listdir(victim), [])
        self.shell("ln -s ../../../etc /inside")
        self.attach(ram % "/inside/x")
        self.assertIn(" /etc/x tmpfs", self.shell("cat /proc/mounts")[1])
        self.attach(ram % "/inside/x", verb="detach-device")
        self.assertNotIn(" /etc/x tmpfs", self.shell("cat /proc/mounts")[1])

    def bridge(self, name):
        subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", name], check=False)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        self.before = leftovers.Snapshot()

    def host_ends(self):
        links = json.loads(subprocess.run(["ip", "-j", "link"], stdout=subprocess.PIPE, check=True).stdout)
        return {link["ifname"]: link for link in links if link["ifname"].startswith("vnet")}

    def test_an_interface_comes_changes_and_goes(self):
        for name in ("hot0", "hot1"):
            self.bridge(name)
        self.run_guest()
        interface = "<interface type='bridge'><mac address='52:54:00:00:0a:01'/><source bridge='%s'/>%s</interface>"
        self.attach(interface % ("hot0", "<ip address='10.9.8.7' prefix='24'/>"))
        code, addresses = self.shell("ip addr show eth0")
        self.assertEqual(code, 0, addresses)
        self.assertIn("10.9.8.7/24", addresses)
        (name, link), = self.host_ends().items()
        self.assertEqual(link["master"], "hot0")
        statistics = self.client.get("web1", api.domain_service_pb2.DOMAIN_VIEW_STATS).statistics
        self.assertEqual([(one.name, one.mac_address) for one in statistics.interfaces], [(name, "52:54:00:00:0a:01")])
        # Another bridge, no carrier, a limit.
        changed = interface % ("hot1", "<ip address='10.9.8.7' prefix='24'/><link state='down'/>"
                               "<bandwidth><inbound average='1000'/><outbound average='1000'/></bandwidth>")
        self.attach(changed, verb="update-device")
        link = self.host_ends()[name]
        self.assertEqual(link["master"], "hot1")
        self.assertNotIn("UP", link["flags"])
        rules = subprocess.run(["tc", "qdisc", "show", "dev", name], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertIn("htb", rules)
        self.assertIn("clsact", rules)
        self.attach(interface % ("hot0", "<ip address='10.9.8.7' prefix='24'/>"), verb="update-device")
        link = self.host_ends()[name]
        self.assertEqual((link["master"], "UP" in link["flags"]), ("hot0", True))
        rules = subprocess.run(["tc", "qdisc", "show", "dev", name], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertNotIn("htb", rules)
        with self.fails("SPEC_UNSUPPORTED", "bridge, bandwidth and link state"):
            self.client.devices.UpdateDevice(self.request(interface % ("hot0", "<ip address='10.9.8.8' prefix='24'/>")))
        with self.fails("DRIVER_FAILED", "none0"):
            self.client.devices.UpdateDevice(self.request(interface % ("none0", "<ip address='10.9.8.7' prefix='24'/>")))
        self.reboot()
        waiting.until(lambda: "10.9.8.7/24" in self.shell("ip addr show eth0")[1], "the interface after a reboot")
        self.attach(interface % ("hot0", ""), verb="detach-device")
        self.assertEqual(self.host_ends(), {})
        self.assertNotEqual(self.shell("ip addr show eth0")[0], 0)

    def test_a_renamed_end_goes_all_the_same(self):
        self.bridge("hot0")
        self.run_guest(features="<privnet/><capabilities policy='default'/>")
        interface = "<interface type='bridge'><mac address='52:54:00:00:0a:02'/><source bridge='hot0'/></interface>"
        self.attach(interface)
        self.shell("ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:01; ip link set eth0 name hidden")
        self.attach(interface, verb="detach-device")
        self.assertEqual(self.host_ends(), {})

    def test_an_interface_of_the_host(self):
        subprocess.run(["ip", "link", "add", "hotA", "type", "veth", "peer", "name", "hotB"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "hotB"], check=False)
        self.before = leftovers.Snapshot()
        self.run_guest()
        device = "<hostdev mode='capabilities' type='net'><source><interface>hotA</interface></source></hostdev>"
        self.attach(device)
        self.assertEqual(self.shell("ip link show hotA >/dev/null && echo here"), (0, "here\n"))
        self.assertFalse(os.path.exists("/sys/class/net/hotA"))
        self.attach(device, verb="detach-device")
        names = subprocess.run(["ip", "link"], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertIn("hotA", names)

    def test_a_paused_guest_gets_a_disk(self):
        self.run_guest()
        self.client.verb("Suspend", "web1")
        self.attach(f"<disk type='file'><source file='{self.image()}'/><target dev='vda'/></disk>")
        self.client.verb("Resume", "web1")
        self.assertEqual(self.shell("head -c 10 /dev/vda"), (0, "REEVE-DISK"))

    def test_what_cannot_change_is_named(self):
        self.run_guest()
        with self.fails("SPEC_UNSUPPORTED", "root"):
            self.client.devices.DetachDevice(self.request(
                f"<filesystem type='mount'><source dir='{self.root}'/><target dir='/'/></filesystem>"))
        with self.fails("SPEC_UNSUPPORTED"):
            self.client.devices.AttachDevice(self.request("<console type='pty'/>"))


class Placement(EndToEnd):

    def test_cpus_and_memory_nodes(self):
        served = self.daemon()
        client = served.client()
        client.define(guests.xml("web1", self.root).replace("<vcpu>", "<vcpu cpuset='0'>"))
        client.start("web1")
        allowed = ("web1", "sh", "-c", "grep Cpus_allowed_list /proc/1/status")
        self.assertEqual(client.run(*allowed)[1].split(), [b"Cpus_allowed_list:", b"0"])
        self.assertRegex(served.cli("cpuset", "web1").stdout, r"cpuset\s*: 0\n")
        last = os.cpu_count() - 1
        served.cli("cpuset", "web1", f"{last}", "--live", "--config")
        self.assertEqual(client.run(*allowed)[1].split()[1], str(last).encode())
        self.assertIn(f"cpuset='{last}'", served.cli("dumpxml", "--inactive", "web1").stdout)
        served.cli("cpuset", "web1", "all", "--live")
        self.assertIn(f"{last}".encode(), client.run(*allowed)[1].split()[1])
        served.cli("numatune", "web1", "--nodeset", "0", "--live")
        self.assertRegex(served.cli("numatune", "web1").stdout, r"numa_nodeset\s*: 0\n")
        answer = served.cli("cpuset", "web1", "4000", "--live", check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("cpuset", answer.stderr)
        answer = served.cli("cpuset", "web1", "3-1", "--live", check=False)
        self.assertIn("cpu_placement.cpuset", answer.stderr)

    def test_statistics_by_part(self):
        served = self.daemon()
        client = served.client()
        client.define(guests.xml("web1", self.root, script="dd if=/dev/zero of=/tmp/x bs=1M count=8 conv=fsync 2>/dev/null; "
                                 "echo done; exec sleep 1000"))
        client.start("web1")
        client.console("web1").wait_output(b"done")
        statistics = client.get("web1", api.domain_service_pb2.DOMAIN_VIEW_STATS).statistics
        self.assertGreater(statistics.cpu_time_ns, 0)
        if statistics.cpu.by_cpu_ns:  # v1
            self.assertEqual(len(statistics.cpu.by_cpu_ns), os.cpu_count())
            self.assertEqual(sum(statistics.cpu.by_cpu_ns), statistics.cpu_time_ns)
        self.assertGreater(statistics.memory.page_faults, 0)
        self.assertGreater(statistics.memory.file_bytes + statistics.memory.anonymous_bytes, 0)
        self.assertGreaterEqual(sum(block.write_bytes for block in statistics.blocks), 8 << 20)
        self.assertTrue(all(block.device for block in statistics.blocks))
        self.assertTrue(statistics.HasField("pressure"))
        self.assertEqual(len(statistics.interfaces), 0)
        request = api.statistics_service_pb2.WatchStatisticsRequest(
            rounds=1, statistics=[api.domain_statistics_pb2.STATISTICS_PART_TASKS])
        sample, = [sample for message in client.statistics.WatchStatistics(request, timeout=20) for sample in message.samples]
        self.assertEqual((sample.statistics.cpu_time_ns, sample.statistics.memory_bytes), (0, 0))
        self.assertGreater(sample.statistics.tasks, 0)

    def test_a_console_log(self):
        served = self.daemon()
        client = served.client()
        path = os.path.join(environment.temporary_folder(), "console.log")
        console = f"<console type='pty'><log file='{path}' append='on'/></console>"
        client.define(guests.xml("web1", self.root, script="echo first; exec sleep 1000", console=console))

        def read():
            with open(path, "rb") as file:
                return file.read()
        client.start("web1")
        waiting.until(lambda: read() == b"first\r\n", "the first line")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        client.verb("Destroy", "web1")
        client.start("web1")
        waiting.until(lambda: read() == b"first\r\nfirst\r\n", "the line of the second run")
        client.verb("Destroy", "web1")
        os.unlink(path)
        os.symlink("/etc/passwd", path)
        with self.fails("START_FAILED", "open the console's log", path):
            client.start("web1")
