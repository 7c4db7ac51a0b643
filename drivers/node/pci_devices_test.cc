#include "drivers/node/pci_devices.h"

#include <string>

#include "drivers/node/fake_tree.h"
#include "drivers/node/pci_names.h"
#include "formats/node_device_xml.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

v1::PciDeviceAddress At(const std::string& text) {
  const auto address = ParsePciAddress(text);
  REQUIRE(address);
  return *address;
}

const v1::PciCapability& Pci(const v1::NodeDevice& device) {
  REQUIRE(device.capabilities_size() == 1);
  return device.capabilities(0).pci();
}

TEST_CASE("functions are listed by address; other entries are none") {
  const FakeTree tree;
  CHECK(ListPciDevices(tree.sources())->empty());
  tree.Pci("pci10000:00", "10000:00:00.0");
  tree.Pci("pci0000:00", "0000:00:1f.2");
  tree.Pci("pci0000:00", "0000:00:02.0");
  tree.Pci("pci0000:00/0000:00:02.0", "0000:0a:00.0");
  tree.Write("sys/bus/pci/devices/readme/class", "0x000000");
  const auto devices = ListPciDevices(tree.sources());
  REQUIRE(devices.ok());
  std::vector<std::string> names;
  for (const v1::NodeDevice& device : *devices) names.push_back(device.name());
  CHECK(names == std::vector<std::string>{"nodeDevices/pci_0000_00_02_0", "nodeDevices/pci_0000_00_1f_2",
                                          "nodeDevices/pci_0000_0a_00_0", "nodeDevices/pci_10000_00_00_0"});
  CHECK((*devices)[0].parent() == "computer");
  CHECK((*devices)[2].parent() == "pci_0000_00_02_0");
}

TEST_CASE("a function has what the kernel tells of it") {
  const FakeTree tree;
  const std::string directory = tree.Pci("pci0000:00", "0000:00:1f.2");
  tree.Link(directory + "/driver", "../../../bus/pci/drivers/e1000");
  tree.Link(directory + "/iommu_group", tree.Path("sys/kernel/iommu_groups/7"));
  tree.Write("sys/kernel/iommu_groups/7/devices/0000:00:1f.2/x", "");
  tree.Write("sys/kernel/iommu_groups/7/devices/0000:00:1f.0/x", "");
  tree.Write(directory + "/numa_node", "1");
  tree.Write(directory + "/config", std::string(64, '\0'));
  const auto device = ReadPciDevice(At("0000:00:1f.2"), tree.sources());
  REQUIRE(device.ok());
  CHECK(device->name() == "nodeDevices/pci_0000_00_1f_2");
  CHECK(device->sysfs_path() == std::filesystem::canonical(tree.Path(directory)).string());
  CHECK(device->driver() == "e1000");
  const v1::PciCapability& pci = Pci(*device);
  CHECK(pci.class_code() == 0x020000);
  CHECK(pci.vendor().id() == 0x8086);
  CHECK(pci.product().id() == 0x100e);
  CHECK(pci.numa_node() == 1);
  CHECK(pci.iommu_group().number() == 7);
  REQUIRE(pci.iommu_group().addresses_size() == 2);
  CHECK(PciAddressText(pci.iommu_group().addresses(0)) == "0000:00:1f.0");
  // What is written of it can be read again.
  const auto back = formats::ParseNodeDeviceXml(formats::WriteNodeDeviceXml(*device));
  REQUIRE(back.ok());
  CHECK(back->name() == device->name());
  CHECK(Pci(*back).SerializeAsString() == pci.SerializeAsString());
}

TEST_CASE("physical and virtual functions tell of each other") {
  const FakeTree tree;
  const std::string physical = tree.Pci("pci0000:00", "0000:03:00.0");
  const std::string first = tree.Pci("pci0000:00", "0000:03:10.0");
  tree.Link(first + "/physfn", "../0000:03:00.0");
  tree.Write(physical + "/sriov_totalvfs", "63");
  tree.Link(physical + "/virtfn0", "../0000:03:10.0");
  tree.Link(physical + "/virtfn10", "../0000:03:12.4");
  tree.Link(physical + "/virtfn2", "../0000:03:10.4");
  const v1::NodeDevice device = *ReadPciDevice(At("0000:03:00.0"), tree.sources());
  const v1::PciVirtualFunctions& functions = Pci(device).virtual_functions();
  CHECK(functions.max_count() == 63);
  REQUIRE(functions.addresses_size() == 3);
  CHECK(PciAddressText(functions.addresses(1)) == "0000:03:10.4");
  CHECK(PciAddressText(functions.addresses(2)) == "0000:03:12.4");
  const v1::NodeDevice one = *ReadPciDevice(At("0000:03:10.0"), tree.sources());
  CHECK(PciAddressText(Pci(one).physical_function()) == "0000:03:00.0");
  CHECK_FALSE(Pci(one).has_virtual_functions());
}

TEST_CASE("what is missing is left out, and what leads astray tells nothing") {
  const FakeTree tree;
  const std::string directory = tree.Pci("pci0000:00", "0000:00:01.0");
  tree.Write(directory + "/numa_node", "-1");
  const v1::NodeDevice device = *ReadPciDevice(At("0000:00:01.0"), tree.sources());
  CHECK(device.driver().empty());
  CHECK_FALSE(Pci(device).has_numa_node());
  CHECK_FALSE(Pci(device).has_iommu_group());
  CHECK_FALSE(Pci(device).has_express());
  // Links to other places.
  for (const char* name : {"class", "vendor", "device"}) {
    tree.Write(absl::StrCat("elsewhere/0000:00:02.0/", name), "0x000001");
  }
  tree.Link("elsewhere/0000:00:02.0/iommu_group", "/etc");
  tree.Link("elsewhere/0000:00:02.0/physfn", "/etc/passwd");
  tree.Link("sys/bus/pci/devices/0000:00:02.0", tree.Path("elsewhere/0000:00:02.0"));
  const v1::NodeDevice astray = *ReadPciDevice(At("0000:00:02.0"), tree.sources());
  CHECK(astray.sysfs_path().empty());
  CHECK(astray.parent() == "computer");
  CHECK_FALSE(Pci(astray).has_iommu_group());
  CHECK_FALSE(Pci(astray).has_physical_function());
  // One that hangs at another function's place.
  tree.Link("sys/bus/pci/devices/0000:00:03.0", tree.Path(directory));
  CHECK(ReadPciDevice(At("0000:00:03.0"), tree.sources())->sysfs_path().empty());
}

TEST_CASE("what is not there is not found; what cannot be read is named") {
  const FakeTree tree;
  const std::string directory = tree.Pci("pci0000:00", "0000:00:01.0");
  const auto missing = ReadPciDevice(At("0000:00:07.0"), tree.sources());
  CHECK(ReasonOf(missing.status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  CHECK_THAT(std::string(missing.status().message()), Catch::Contains("pci_0000_00_07_0"));
  // A link to a device that has gone.
  tree.Link("sys/bus/pci/devices/0000:00:08.0", "../../../devices/pci0000:00/0000:00:08.0");
  CHECK(ReasonOf(ReadPciDevice(At("0000:00:08.0"), tree.sources()).status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  CHECK(ListPciDevices(tree.sources())->size() == 1);
  for (const auto& [file, text] : {std::pair{"/vendor", "8086"}, {"/class", "0x1000000"}, {"/device", "0x"}}) {
    INFO(file);
    const std::string before = *util::ReadFile(tree.Path(directory + file));
    tree.Write(directory + file, text);
    CHECK_THAT(std::string(ListPciDevices(tree.sources()).status().message()), Catch::Contains(file));
    CHECK_FALSE(ReadPciDevice(At("0000:00:01.0"), tree.sources()).ok());
    tree.Write(directory + file, before);
  }
}

TEST_CASE("a reset is written where the kernel takes it") {
  const FakeTree tree;
  const std::string directory = tree.Pci("pci0000:00", "0000:00:01.0");
  CHECK(ReasonOf(ResetPciDevice(At("0000:00:07.0"), tree.sources())) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  const absl::Status none = ResetPciDevice(At("0000:00:01.0"), tree.sources());
  CHECK(ReasonOf(none) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(none.message()), Catch::Contains("0000:00:01.0/reset"));
  tree.Write(directory + "/reset", "");
  CHECK(ResetPciDevice(At("0000:00:01.0"), tree.sources()).ok());
  CHECK(util::ReadFile(tree.Path(directory + "/reset"))->substr(0, 1) == "1");
  // A way that fails.
  tree.Remove(directory + "/reset");
  tree.Write(directory + "/reset/x", "");
  CHECK(ReasonOf(ResetPciDevice(At("0000:00:01.0"), tree.sources())) == v1::REASON_NODE_CANNOT);
}

}  // namespace
}  // namespace reeve::node
