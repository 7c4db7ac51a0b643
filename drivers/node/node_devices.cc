#include "drivers/node/node_devices.h"

#include <iterator>

#include "absl/strings/match.h"
#include "drivers/node/pci_devices.h"
#include "drivers/node/pci_names.h"
#include "drivers/node/usb_devices.h"

namespace reeve::node {
namespace {

// Names of USB devices are of letters that the kernel chooses: what else is asked for is not of the form.
bool IsUsbName(absl::string_view name) {
  return absl::StartsWith(name, "nodeDevices/usb_") &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", sizeof("nodeDevices/") - 1) == name.npos &&
         name.size() <= 128;
}

}  // namespace

absl::StatusOr<std::vector<v1::NodeDevice>> ListNodeDevices(const Sources& sources) {
  absl::StatusOr<std::vector<v1::NodeDevice>> devices = ListPciDevices(sources);
  if (!devices.ok()) return devices;
  absl::StatusOr<std::vector<v1::NodeDevice>> more = ListUsbDevices(sources);
  if (!more.ok()) return more;
  devices->insert(devices->end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  return devices;
}

absl::StatusOr<v1::NodeDevice> ReadNodeDevice(absl::string_view name, const Sources& sources) {
  if (IsUsbName(name)) return ReadUsbDevice(name, sources);
  const absl::StatusOr<v1::PciDeviceAddress> address = ParsePciDeviceName(name);
  if (!address.ok()) return address.status();
  return ReadPciDevice(*address, sources);
}

}  // namespace reeve::node
