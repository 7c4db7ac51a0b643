#include "drivers/node/pci_config.h"

#include <catch2/catch.hpp>
#include <string>

namespace reeve::node {
namespace {

// A space of zeroes with these bytes set.
std::string Config(std::initializer_list<std::pair<size_t, int>> bytes, size_t size = 256) {
  std::string config(size, '\0');
  for (const auto& [offset, byte] : bytes) config.at(offset) = static_cast<char>(byte);
  return config;
}

v1::PciCapability Read(const std::string& config) {
  v1::PciCapability pci;
  ReadPciConfig(config, &pci);
  return pci;
}

TEST_CASE("bridges are told from endpoints, also among several functions of one device") {
  CHECK(Read(Config({})).header_type().empty());
  CHECK(Read(Config({{0x0e, 0x80}})).header_type().empty());
  CHECK(Read(Config({{0x0e, 0x01}})).header_type() == "pci-bridge");
  CHECK(Read(Config({{0x0e, 0x81}})).header_type() == "pci-bridge");
  CHECK(Read(Config({{0x0e, 0x02}})).header_type() == "cardbus-bridge");
  CHECK(Read(Config({{0x0e, 0x03}})).header_type().empty());
}

TEST_CASE("PCI Express is found behind other capabilities") {
  // At 0x40 power management, at 0x50 Express: port 9, 8 GT/s and 16 lanes, of which it uses 5 GT/s and 4.
  const auto pci = Read(Config({{0x06, 0x10},
                                {0x34, 0x40},
                                {0x40, 0x01},
                                {0x41, 0x50},
                                {0x50, 0x10},
                                {0x52, 0x02},
                                {0x5c, 0x03},
                                {0x5d, 0x01},
                                {0x5f, 0x09},
                                {0x62, 0x42}}));
  REQUIRE(pci.has_express());
  CHECK(pci.express().capability().port() == 9);
  CHECK(pci.express().capability().speed() == "8");
  CHECK(pci.express().capability().width() == 16);
  CHECK(pci.express().status().speed() == "5");
  CHECK(pci.express().status().width() == 4);
  CHECK_FALSE(pci.express().status().has_port());
}

TEST_CASE("what sits in the root complex has no link") {
  const auto pci = Read(Config({{0x06, 0x10}, {0x34, 0x40}, {0x40, 0x10}, {0x42, 0x92}}));
  REQUIRE(pci.has_express());
  CHECK_FALSE(pci.express().has_capability());
}

TEST_CASE("no bytes do harm") {
  CHECK(Read("").ByteSizeLong() == 0);
  CHECK(Read(std::string(256, '\xff')).ByteSizeLong() == 0);
  // A list that is a ring, one that leads into the header, one that ends in the middle of Express, one beyond what can
  // be read, and one without the bit that says that there is one.
  CHECK_FALSE(Read(Config({{0x06, 0x10}, {0x34, 0x40}, {0x40, 0x01}, {0x41, 0x40}})).has_express());
  CHECK_FALSE(Read(Config({{0x06, 0x10}, {0x34, 0x40}, {0x40, 0x01}, {0x41, 0x10}, {0x10, 0x10}})).has_express());
  CHECK_FALSE(Read(Config({{0x06, 0x10}, {0x34, 0xfc}, {0xfc, 0x10}})).has_express());
  CHECK_FALSE(Read(Config({{0x06, 0x10}, {0x34, 0x40}}, 64)).has_express());
  CHECK_FALSE(Read(Config({{0x34, 0x40}, {0x40, 0x10}})).has_express());
  // A speed that is not known yet.
  const auto fast = Read(Config({{0x06, 0x10}, {0x34, 0x40}, {0x40, 0x10}, {0x42, 0x02}, {0x4c, 0x1f}}));
  CHECK(fast.express().capability().speed().empty());
}

}  // namespace
}  // namespace reeve::node
