#include "drivers/node/pci_config.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace reeve::node {
namespace {

// Offsets and bits have the names of the specifications, in words.
constexpr size_t kStatus = 0x06;
constexpr uint32_t kHasCapabilities = 0x10;
constexpr size_t kHeaderType = 0x0e;
constexpr uint8_t kHeaderTypeMask = 0x7f;
constexpr uint8_t kBridge = 1;
constexpr uint8_t kCardBusBridge = 2;
constexpr size_t kFirstCapability = 0x34;
constexpr size_t kSmallestCapability = 0x40;
constexpr uint8_t kExpress = 0x10;
// No more fit: each is aligned to four bytes behind the header. A list may be a ring.
constexpr int kMostCapabilities = 48;

constexpr size_t kExpressFlags = 0x02;
constexpr size_t kLinkCapabilities = 0x0c;
constexpr size_t kLinkStatus = 0x12;
constexpr uint32_t kIntegratedEndpoint = 9;
constexpr uint32_t kEventCollector = 10;
constexpr const char* kSpeeds[] = {"", "2.5", "5", "8", "16", "32", "64"};

// Little-endian; all bits are set where there are no bytes, as of a device that is gone.
uint32_t Number(absl::string_view bytes, size_t offset, size_t size) {
  uint32_t number = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t byte = offset + i < bytes.size() ? static_cast<uint8_t>(bytes[offset + i]) : 0xff;
    number |= uint32_t{byte} << (8 * i);
  }
  return number;
}

// Where the capability of this number begins; 0: it has none.
size_t FindCapability(absl::string_view bytes, uint8_t wanted) {
  if ((Number(bytes, kStatus, 2) & kHasCapabilities) == 0) return 0;
  size_t offset = Number(bytes, kFirstCapability, 1) & ~uint32_t{3};
  for (int i = 0; i < kMostCapabilities && offset >= kSmallestCapability && offset + 2 <= bytes.size(); ++i) {
    if (Number(bytes, offset, 1) == wanted) return offset;
    offset = Number(bytes, offset + 1, 1) & ~uint32_t{3};
  }
  return 0;
}

void SetLink(uint32_t speed_and_width, v1::PciLink* link) {
  const uint32_t speed = speed_and_width & 0xf;
  if (speed < std::size(kSpeeds)) link->set_speed(kSpeeds[speed]);
  link->set_width((speed_and_width >> 4) & 0x3f);
}

void ReadExpress(absl::string_view bytes, size_t offset, v1::PciExpress* express) {
  const uint32_t type = (Number(bytes, offset + kExpressFlags, 2) >> 4) & 0xf;
  if (type == kIntegratedEndpoint || type == kEventCollector) return;  // they sit on no link
  const uint32_t can = Number(bytes, offset + kLinkCapabilities, 4);
  SetLink(can, express->mutable_capability());
  express->mutable_capability()->set_port(can >> 24);
  SetLink(Number(bytes, offset + kLinkStatus, 2), express->mutable_status());
}

}  // namespace

void ReadPciConfig(absl::string_view bytes, v1::PciCapability* pci) {
  const uint32_t header = Number(bytes, kHeaderType, 1) & kHeaderTypeMask;
  if (header == kHeaderTypeMask) return;
  if (header == kBridge) pci->set_header_type("pci-bridge");
  if (header == kCardBusBridge) {
    pci->set_header_type("cardbus-bridge");
    return;  // its list of capabilities begins elsewhere, and Express is never among them
  }
  const size_t express = FindCapability(bytes, kExpress);
  if (express != 0 && express + kLinkStatus + 2 <= bytes.size()) ReadExpress(bytes, express, pci->mutable_express());
}

}  // namespace reeve::node
