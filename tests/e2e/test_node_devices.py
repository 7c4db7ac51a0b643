"""PCI functions and USB devices of the host: what the kernel has of them. None is taken from anybody: the drivers that are tried
cannot."""

import os
import re
import xml.etree.ElementTree

from harness import EndToEnd, api

PB = api.node_device_service_pb2
PCI = "/sys/bus/pci/devices"
USB = "/sys/bus/usb/devices"
CHANGES = ("Detach", "Reattach", "Reset")


def addresses():
    """Of the functions of this machine, in the kernel's spelling."""
    return sorted(os.listdir(PCI)) if os.path.isdir(PCI) else []


def usb_names():
    """Of the USB devices, by bus and device."""
    entries = os.listdir(USB) if os.path.isdir(USB) else []
    devices = []
    for entry in (one for one in entries if ":" not in one):
        with open(f"{USB}/{entry}/busnum", encoding="ascii") as bus, open(f"{USB}/{entry}/devnum", encoding="ascii") as number:
            devices.append((int(bus.read()), int(number.read()), "usb_" + re.sub("[-.]", "_", entry)))
    return [name for _, _, name in sorted(devices)]


def name_of(address):
    return "pci_" + re.sub("[:.]", "_", address)


def attribute(address, name):
    with open(f"{PCI}/{address}/{name}", encoding="ascii") as file:
        return file.read().strip()


class NodeDevices(EndToEnd):

    def setUp(self):
        super().setUp()
        self.reeved = self.daemon()
        self.client = self.reeved.client()

    def change(self, verb, name, hypervisor=api.LXC, client=None):
        return getattr((client or self.client).node_devices, f"{verb}NodeDevice")(
            PB.NodeDeviceRequest(name=name, hypervisor=hypervisor), timeout=10)

    def test_the_list_is_the_kernel_s(self):
        listed = self.client.node_devices.ListNodeDevices(PB.ListNodeDevicesRequest(), timeout=10).devices
        pci = [name_of(one) for one in addresses()]
        self.assertEqual([device.name for device in listed], [f"nodeDevices/{one}" for one in pci + usb_names()])
        for arguments, names in (([], pci + usb_names()), (["--cap", "pci"], pci), (["--cap", "usb_device"], usb_names())):
            self.assertEqual(self.reeved.cli("nodedev-list", *arguments).stdout, "".join(f"{one}\n" for one in names) + "\n")
        self.assertRegex(self.reeved.cli("nodedev-list", "--tree").stdout, r"\Acomputer\n")
        self.assertEqual(self.reeved.cli("nodedev-list", "--cap", "net", check=False).returncode, 2)
        for device, address in zip(listed, addresses()):
            pci = device.capabilities[0].pci
            self.assertEqual(f"0x{pci.vendor.id:04x}", attribute(address, "vendor"))
            self.assertEqual(f"0x{pci.product.id:04x}", attribute(address, "device"))
            self.assertEqual(f"0x{pci.class_code:06x}", attribute(address, "class"))
            self.assertEqual(device.sysfs_path, os.path.realpath(f"{PCI}/{address}"))
            driver = f"{PCI}/{address}/driver"
            self.assertEqual(device.driver, os.path.basename(os.readlink(driver)) if os.path.islink(driver) else "")

    def test_the_document_of_one(self):
        if not addresses():
            self.skipTest("this machine has no PCI")
        address = addresses()[-1]
        for spelling in (address, name_of(address), f"nodeDevices/{name_of(address)}"):
            device = xml.etree.ElementTree.fromstring(self.reeved.cli("nodedev-dumpxml", spelling).stdout)
            self.assertEqual(device.findtext("name"), name_of(address))
            self.assertEqual(device.findtext("path"), os.path.realpath(f"{PCI}/{address}"))
            self.assertEqual(device.find("capability/vendor").get("id"), attribute(address, "vendor"))
        self.assertIn('"class_code"', self.reeved.cli("--output", "json", "nodedev-dumpxml", address).stdout)

    def test_what_is_not_there(self):
        missing = "nodeDevices/pci_fffe_ff_1f_7"
        with self.fails("NODE_DEVICE_NOT_FOUND", "fffe:ff:1f.7"):
            self.client.node_devices.GetNodeDevice(PB.GetNodeDeviceRequest(name=missing), timeout=10)
        for name in ("", "pci_0000_00_00_0", "nodeDevices/pci_0000_00_00_0/..", "nodeDevices/../0000:00:00.0",
                     "nodeDevices/net_lo", "nodeDevices/usb_1-4", "nodeDevices/pci_0000_00_00_0\n", "x" * 100000):
            with self.fails("NAME_INVALID"):
                self.client.node_devices.GetNodeDevice(PB.GetNodeDeviceRequest(name=name), timeout=10)
        for verb in CHANGES:
            with self.fails("NODE_DEVICE_NOT_FOUND", "fffe:ff:1f.7"):
                self.change(verb, missing)
            with self.fails("NAME_INVALID"):
                self.change(verb, "nodeDevices/pci_0000")
        with self.fails("NODE_DEVICE_NOT_FOUND", "usb_99_1"):
            self.client.node_devices.GetNodeDevice(PB.GetNodeDeviceRequest(name="nodeDevices/usb_99_1"), timeout=10)
        refused = self.reeved.cli("nodedev-dumpxml", "fffe:ff:1f.7", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Could not find matching device 'fffe:ff:1f.7'", refused.stderr)

    def test_containers_get_none(self):
        if not addresses():
            self.skipTest("this machine has no PCI")
        name = f"nodeDevices/{name_of(addresses()[0])}"
        for verb in CHANGES:
            with self.fails("UNSUPPORTED_BY_DRIVER", "PCI"):
                self.change(verb, name)
            with self.fails("NAME_INVALID"):
                self.change(verb, name, hypervisor="xen")
            with self.fails("HYPERVISOR_NOT_FOUND"):
                self.change(verb, name, hypervisor="hypervisors/none")
        for command, words in (("detach", "Failed to detach device"), ("dettach", "Failed to detach device"),
                               ("reattach", "Failed to re-attach device"), ("reset", "Failed to reset device")):
            refused = self.reeved.cli(f"nodedev-{command}", addresses()[0], check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(f"{words} {addresses()[0]}", refused.stderr)
        self.assertEqual(self.reeved.cli("nodedev-detach", addresses()[0], "--driver", "vfio", check=False).returncode, 2)

    def test_a_connection_that_only_reads(self):
        reader = self.reeved.client(read_only=True)
        reader.node_devices.ListNodeDevices(PB.ListNodeDevicesRequest(), timeout=10)
        for verb in CHANGES:
            with self.fails("CONNECTION_READ_ONLY"):
                self.change(verb, "nodeDevices/pci_0000_00_00_0", client=reader)
