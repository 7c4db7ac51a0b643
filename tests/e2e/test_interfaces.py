"""Which interfaces of the host belong to a running container, and what went over those that have no end on the host."""

import subprocess

import guests
import leftovers
import waiting
from harness import EndToEnd, api

BRIDGE = "rvbr0"
# Ends when it is asked to, or to start again.
SCRIPT = "trap 'exit 0' TERM HUP; while :; do sleep 1000 & wait $!; done"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Interfaces(EndToEnd):

    def setUp(self):
        super().setUp()
        self.served = self.daemon()
        self.client = self.served.client()

    def start(self, devices):
        self.before = leftovers.Snapshot()
        self.client.define(guests.xml("web1", self.root, script=SCRIPT, devices=devices))
        self.client.start("web1")

    def names(self):
        """Names of the host's ends, in the order of the definition."""
        return [one.host_name for one in self.client.get("web1").status.interfaces]

    def sample(self, mac):
        listed = self.client.list(view=api.domain_service_pb2.DOMAIN_VIEW_STATS).domains[0].statistics.interfaces
        return [one for one in listed if one.mac_address == mac]

    def test_names_of_the_ends_of_pairs(self):
        ip("link", "add", BRIDGE, "type", "bridge")
        self.addCleanup(ip, "link", "del", BRIDGE)
        self.start(f"<interface type='bridge'><mac address='52:54:00:aa:00:01'/><source bridge='{BRIDGE}'/></interface>"
                   f"<interface type='bridge'><source bridge='{BRIDGE}'/><target dev='rvnamed0'/></interface>")

        def check():
            chosen, given = self.names()
            self.assertEqual(given, "rvnamed0")
            self.assertTrue(chosen.startswith("vnet"), chosen)
            ports = subprocess.run(["ip", "-oneline", "link", "show", "master", BRIDGE], stdout=subprocess.PIPE, check=True,
                                   text=True).stdout
            for name in (chosen, given):
                self.assertIn(f" {name}@", ports)
            return chosen

        chosen = check()
        self.assertRegex(self.served.cli("domiflist", "web1").stdout, rf"{chosen}\s+bridge\s+{BRIDGE}")
        self.assertIn("rx_bytes", self.served.cli("domifstat", "web1", chosen).stdout)
        run = self.client.get("web1").status.start_time
        self.client.verb("Reboot", "web1")
        waiting.until(lambda: self.client.get("web1").status.start_time != run, "the guest has started again")
        check()
        self.served.restart()
        self.client = self.served.client()
        check()
        self.client.verb("Destroy", "web1")
        self.assertEqual(self.names(), [])

    def change(self, how, xml):
        getattr(self.client.devices, how)(api.device_service_pb2.DeviceRequest(
            name=api.name("web1"), live=True, document=api.domain_service_pb2.Document(
                format=api.domain_service_pb2.Document.FORMAT_LIBVIRT_XML, text=xml)), timeout=20)

    def test_the_status_follows_what_comes_and_goes_while_it_runs(self):
        for bridge in (BRIDGE, "rvbr1"):
            ip("link", "add", bridge, "type", "bridge")
            self.addCleanup(ip, "link", "del", bridge)
        self.start(f"<interface type='bridge'><source bridge='{BRIDGE}'/><target dev='rvnamed0'/></interface>")
        mac = "52:54:00:aa:00:07"
        added = f"<interface type='bridge'><mac address='{mac}'/><source bridge='%s'/></interface>"
        self.change("AttachDevice", added % BRIDGE)
        first, second = self.names()
        self.assertEqual(first, "rvnamed0")
        self.assertRegex(second, r"^vnet\d+$")
        self.assertRegex(self.served.cli("domiflist", "web1").stdout, rf"{second}\s+bridge\s+{BRIDGE}\s.*{mac}")
        self.change("UpdateDevice", added % "rvbr1")
        self.assertEqual(self.names(), [first, second])
        # The same for the next daemon.
        self.served.restart()
        self.client = self.served.client()
        self.assertEqual(self.names(), [first, second])
        self.change("DetachDevice", added % "rvbr1")
        self.assertEqual(self.names(), [first])
        self.assertNotIn(mac, self.served.cli("domiflist", "web1").stdout)

    def test_why_a_macvlan_cannot_be_changed(self):
        ip("link", "add", "rvparent0", "type", "veth", "peer", "name", "rvparent1")
        self.addCleanup(ip, "link", "del", "rvparent0")
        xml = ("<interface type='direct'><mac address='52:54:00:aa:00:08'/><source dev='rvparent0' mode='bridge'/>"
               "<link state='%s'/></interface>")
        self.start(xml % "up")
        with self.fails("SPEC_UNSUPPORTED", "no end on the host", "detach it"):
            self.change("UpdateDevice", xml % "down")

    def test_a_macvlan_is_counted_in_the_guest(self):
        ip("link", "add", "rvparent0", "type", "veth", "peer", "name", "rvparent1")
        self.addCleanup(ip, "link", "del", "rvparent0")
        ip("link", "set", "rvparent0", "up")
        ip("link", "set", "rvparent1", "up")
        mac = "52:54:00:aa:00:02"
        self.start(f"<interface type='direct'><mac address='{mac}'/><source dev='rvparent0' mode='bridge'/>"
                   "<ip address='10.9.8.1' prefix='24'/></interface>")
        before = self.sample(mac)
        self.assertEqual(len(before), 1)
        self.client.run("web1", "sh", "-c", "ping -c 1 -W 1 10.9.8.2")  # nobody is there: it asks for the address
        after = self.sample(mac)
        self.assertGreater(after[0].send_packets, before[0].send_packets)
        self.assertGreater(after[0].send_bytes, before[0].send_bytes)
        # Under another name it is the guest's own affair.
        self.client.run("web1", "sh", "-c", "ip link set eth0 down; ip link set eth0 name other")
        self.assertEqual(self.sample(mac), [])

    def test_one_of_the_host(self):
        ip("link", "add", "rvlent0", "type", "veth", "peer", "name", "rvlent1")
        self.addCleanup(ip, "link", "del", "rvlent1")
        self.start("<hostdev mode='capabilities' type='net'><source><interface>rvlent0</interface></source></hostdev>")
        self.assertIn("rvlent0", self.names())
        self.assertIn("rx_bytes", self.served.cli("domifstat", "web1", "rvlent0").stdout)
