#include "drivers/node/pci_names.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

constexpr char kPrefix[] = "nodeDevices/";
constexpr size_t kShownBytes = 200;
constexpr uint32_t kMostBus = 0xff;
constexpr uint32_t kMostSlot = 0x1f;
constexpr uint32_t kMostFunction = 7;

// Takes a number of small hexadecimal digits off the text, and `end` behind it.
bool Take(absl::string_view* text, absl::string_view end, uint32_t most, uint32_t* number) {
  const size_t count = text->find_first_not_of("0123456789abcdef");
  const absl::string_view digits = text->substr(0, count);
  if (digits.size() > 8 || !absl::SimpleHexAtoi(digits, number) || *number > most) return false;
  text->remove_prefix(digits.size());
  return absl::ConsumePrefix(text, end);
}

std::optional<v1::PciDeviceAddress> Parse(absl::string_view text, absl::string_view behind_number,
                                          absl::string_view before_function) {
  uint32_t domain = 0;
  uint32_t bus = 0;
  uint32_t slot = 0;
  uint32_t function = 0;
  if (!Take(&text, behind_number, UINT32_MAX, &domain) || !Take(&text, behind_number, kMostBus, &bus) ||
      !Take(&text, before_function, kMostSlot, &slot) || !Take(&text, "", kMostFunction, &function) || !text.empty()) {
    return std::nullopt;
  }
  v1::PciDeviceAddress address;
  address.set_domain(domain);
  address.set_bus(bus);
  address.set_slot(slot);
  address.set_function(function);
  return address;
}

}  // namespace

std::string PciAddressText(const v1::PciDeviceAddress& address) {
  return absl::StrFormat("%04x:%02x:%02x.%x", address.domain(), address.bus(), address.slot(), address.function());
}

std::optional<v1::PciDeviceAddress> ParsePciAddress(absl::string_view text) {
  std::optional<v1::PciDeviceAddress> address = Parse(text, ":", ".");
  // Numbers with another count of digits.
  if (address && PciAddressText(*address) != text) return std::nullopt;
  return address;
}

std::string PciDeviceName(const v1::PciDeviceAddress& address) {
  return absl::StrFormat("%spci_%04x_%02x_%02x_%x", kPrefix, address.domain(), address.bus(), address.slot(),
                         address.function());
}

absl::StatusOr<v1::PciDeviceAddress> ParsePciDeviceName(absl::string_view name) {
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, kPrefix) && absl::ConsumePrefix(&rest, "pci_")) {
    const std::optional<v1::PciDeviceAddress> address = Parse(rest, "_", "_");
    if (address && PciDeviceName(*address) == name) return *address;
  }
  const std::string shown = absl::Utf8SafeCHexEscape(name.substr(0, kShownBytes));
  return Error(v1::REASON_NAME_INVALID,
               absl::StrCat("'", shown, "' is not of the form ", kPrefix,
                            "pci_DDDD_BB_SS_F (domain, bus, slot and function in small hexadecimal digits) or usb_DEVICE"),
               {{"name", shown}});
}

}  // namespace reeve::node
