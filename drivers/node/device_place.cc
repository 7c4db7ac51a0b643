#include "drivers/node/device_place.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "drivers/node/pci_names.h"

namespace reeve::node {
namespace {

namespace fs = std::filesystem;

constexpr char kHostItself[] = "computer";  // libvirt's name of what everything hangs on
constexpr char kPrefix[] = "nodeDevices/";
constexpr absl::string_view kDigits = "0123456789";

// "usb1", a root hub, and "1-4.2", what is at port 2 of the hub at port 4 of bus 1; interfaces have a colon (kernel
// document ABI/stable/sysfs-bus-usb).
bool IsUsbDevice(absl::string_view entry) {
  if (absl::ConsumePrefix(&entry, "usb")) return !entry.empty() && entry.find_first_not_of(kDigits) == entry.npos;
  return entry.find('-') != entry.npos && absl::ascii_isdigit(entry.front()) &&
         entry.find_first_not_of("0123456789-.") == entry.npos;
}

}  // namespace

std::string NodeDeviceName(absl::string_view entry) {
  if (const std::optional<v1::PciDeviceAddress> address = ParsePciAddress(entry)) return PciDeviceName(*address);
  if (!IsUsbDevice(entry)) return "";
  return absl::StrCat(kPrefix, "usb_", absl::StrReplaceAll(entry, {{"-", "_"}, {".", "_"}}));
}

std::string LinkName(const std::string& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename().string();
}

void ReadPlace(const Sources& sources, const std::string& directory, absl::string_view entry, v1::NodeDevice* device) {
  device->set_parent(kHostItself);
  device->set_driver(LinkName(directory + "/driver"));
  std::error_code error;
  const fs::path place = fs::canonical(directory, error);
  if (error) return;
  const fs::path tree = fs::canonical(sources.sys + "/devices", error);
  if (error || !absl::StartsWith(place.string(), tree.string() + "/") || place.filename().string() != entry) return;
  device->set_sysfs_path(place.string());
  for (fs::path above = place.parent_path(); above != tree; above = above.parent_path()) {
    const std::string name = NodeDeviceName(above.filename().string());
    if (name.empty()) continue;
    device->set_parent(std::string(absl::StripPrefix(name, kPrefix)));
    return;
  }
}

}  // namespace reeve::node
