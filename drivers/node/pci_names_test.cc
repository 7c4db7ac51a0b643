#include "drivers/node/pci_names.h"

#include <catch2/catch.hpp>

#include "absl/strings/string_view.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

TEST_CASE("a function has one name and one address, which lead to each other") {
  const auto address = ParsePciDeviceName("nodeDevices/pci_0000_00_1f_2");
  REQUIRE(address.ok());
  CHECK(address->domain() == 0);
  CHECK(address->bus() == 0);
  CHECK(address->slot() == 0x1f);
  CHECK(address->function() == 2);
  CHECK(PciAddressText(*address) == "0000:00:1f.2");
  for (const char* text : {"0000:ff:1f.7", "10000:e1:00.0", "ffffffff:00:00.0", "00af:00:00.0"}) {
    INFO(text);
    const auto parsed = ParsePciAddress(text);
    REQUIRE(parsed);
    CHECK(PciAddressText(*parsed) == text);
    const auto back = ParsePciDeviceName(PciDeviceName(*parsed));
    REQUIRE(back.ok());
    CHECK(PciAddressText(*back) == text);
  }
}

TEST_CASE("any other name is refused, and told") {
  for (absl::string_view name : {"",
                                 "pci_0000_00_1f_2",
                                 "nodeDevices/",
                                 "nodeDevices/pci_",
                                 "nodeDevices/pci_0000_00_1f",
                                 "nodeDevices/pci_0000_00_1f_2_",
                                 "nodeDevices/pci_0000_00_1f_2/",
                                 "nodeDevices/pci_0000_00_20_0",
                                 "nodeDevices/pci_0000_00_1f_8",
                                 "nodeDevices/pci_0000_100_1f_0",
                                 "nodeDevices/pci_0000_00_1F_2",
                                 "nodeDevices/pci_00000_00_1f_2",
                                 "nodeDevices/pci_000_00_1f_2",
                                 "nodeDevices/pci_0000_0_1f_2",
                                 "nodeDevices/pci_100000000_00_00_0",
                                 "nodeDevices/pci_0x00_00_1f_2",
                                 "nodeDevices/pci_-001_00_1f_2",
                                 "nodeDevices/pci_0000_00_1f_ 2",
                                 "nodeDevices/pci_0000_.._1f_2",
                                 "nodeDevices/pci_0000:00:1f.2",
                                 "nodeDevices/net_lo",
                                 "hypervisors/xen"}) {
    INFO(name);
    const auto refused = ParsePciDeviceName(name);
    CHECK(ReasonOf(refused.status()) == v1::REASON_NAME_INVALID);
    CHECK_THAT(std::string(refused.status().message()), Catch::Contains(std::string(name)));
  }
  const std::string huge(100000, '\xff');
  CHECK(ParsePciDeviceName(huge).status().message().size() < 2000);
  CHECK_FALSE(ParsePciAddress("0:0:0.0"));
  CHECK_FALSE(ParsePciAddress("0000:00:1f.2\n"));
  CHECK_FALSE(ParsePciAddress("../../etc"));
}

}  // namespace
}  // namespace reeve::node
