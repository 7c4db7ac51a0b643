#include "drivers/node/usb_devices.h"

#include <catch2/catch.hpp>
#include <string>

#include "drivers/node/device_place.h"
#include "drivers/node/fake_tree.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

// `place` is the directory below /sys/devices.
void Add(const FakeTree& tree, const std::string& place, const std::string& bus, const std::string& device,
         const std::string& vendor, const std::string& product) {
  const std::string directory = "sys/devices/" + place + "/";
  tree.Write(directory + "busnum", bus);
  tree.Write(directory + "devnum", device);
  tree.Write(directory + "idVendor", vendor);
  tree.Write(directory + "idProduct", product);
  tree.Link("sys/bus/usb/devices/" + place.substr(place.rfind('/') + 1), "../../../devices/" + place);
}

TEST_CASE("names are those of libvirt") {
  CHECK(NodeDeviceName("usb1") == "nodeDevices/usb_usb1");
  CHECK(NodeDeviceName("1-4.2") == "nodeDevices/usb_1_4_2");
  CHECK(NodeDeviceName("0000:00:1f.2") == "nodeDevices/pci_0000_00_1f_2");
  for (const char* other : {"", "usb", "usb1a", "1", "-1", "1-4:1.0", "1-4/..", "pci0000:00", "virtio3"}) {
    INFO(other);
    CHECK(NodeDeviceName(other).empty());
  }
}

TEST_CASE("the devices of the host, each below the one that it is plugged into") {
  const FakeTree tree;
  CHECK(ListUsbDevices(tree.sources())->empty());
  Add(tree, "pci0000:00/0000:00:14.0/usb1/1-2/1-2.4", "1", "10", "046d", "c52b");
  Add(tree, "pci0000:00/0000:00:14.0/usb1/1-2", "1", "2", "0409", "55aa");
  Add(tree, "pci0000:00/0000:00:14.0/usb1", "1", "1", "1d6b", "0002");
  Add(tree, "platform/dwc2/2-1", "2", "3", "0627", "0001");
  tree.Write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.4/product", "Receiver \x1b[2J\xff");
  tree.Write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.4/manufacturer", std::string(500, 'L'));
  tree.Write("sys/bus/usb/devices/1-2.4:1.0/bInterfaceClass", "03");
  const auto devices = ListUsbDevices(tree.sources());
  REQUIRE(devices.ok());
  REQUIRE(devices->size() == 4);
  CHECK((*devices)[0].name() == "nodeDevices/usb_usb1");
  CHECK((*devices)[0].parent() == "pci_0000_00_14_0");
  CHECK((*devices)[1].parent() == "usb_usb1");
  const v1::NodeDevice& receiver = (*devices)[2];
  CHECK(receiver.name() == "nodeDevices/usb_1_2_4");
  CHECK(receiver.parent() == "usb_1_2");
  CHECK(receiver.device_node() == "/dev/bus/usb/001/010");
  const v1::UsbDeviceCapability& usb = receiver.capabilities(0).usb_device();
  CHECK(usb.vendor().id() == 0x46d);
  CHECK(usb.vendor().name() == std::string(126, 'L'));
  CHECK(usb.product().id() == 0xc52b);
  CHECK(usb.product().name() == "Receiver ?[2J?");
  CHECK((*devices)[3].parent() == "computer");
  CHECK(ReadUsbDevice("nodeDevices/usb_2_1", tree.sources())->capabilities(0).usb_device().device() == 3);
  CHECK(ReasonOf(ReadUsbDevice("nodeDevices/usb_2_2", tree.sources()).status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
}

TEST_CASE("what cannot be read is named") {
  for (const char* text : {"", "1 2", "10000", "-1", "none"}) {
    INFO(text);
    const FakeTree tree;
    Add(tree, "usb1", "1", "1", text, "0001");
    CHECK_THAT(std::string(ListUsbDevices(tree.sources()).status().message()), Catch::Contains("usb1/idVendor"));
  }
}

TEST_CASE("one that is taken out meanwhile is left out") {
  const FakeTree tree;
  tree.Link("sys/bus/usb/devices/1-2", "../../../devices/gone");
  const auto devices = ListUsbDevices(tree.sources());
  REQUIRE(devices.ok());
  CHECK(devices->empty());
}

}  // namespace
}  // namespace reeve::node
