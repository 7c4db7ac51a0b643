#include "drivers/xen/usb_addresses.h"

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "drivers/node/usb_devices.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

bool IsMeant(const v1::HostUsbDevice& wanted, const v1::UsbDeviceCapability& device) {
  return (!wanted.has_vendor() || wanted.vendor() == device.vendor().id()) &&
         (!wanted.has_product() || wanted.product() == device.product().id()) &&
         (!wanted.has_bus() || wanted.bus() == device.bus()) &&
         (!wanted.has_device() || wanted.device() == device.device());
}

// "USB device 046d:c52b", "USB device 046d:c52b at bus 1 device 4".
std::string Text(const v1::HostUsbDevice& wanted) {
  std::string text = absl::StrFormat("USB device %04x:", wanted.vendor());
  text += wanted.has_product() ? absl::StrFormat("%04x", wanted.product()) : "*";
  if (wanted.has_bus()) text += absl::StrFormat(" at bus %d", wanted.bus());
  if (wanted.has_device()) text += absl::StrFormat(" device %d", wanted.device());
  return text;
}

bool IsNamedByIds(const v1::HostDevice& device) {
  return device.usb().has_vendor() || device.usb().has_product();
}

}  // namespace

absl::Status FindUsbDevices(const std::string& sysfs, AbsentUsb absent, v1::Devices* devices) {
  bool some = false;
  for (const v1::HostDevice& device : devices->host_devices()) some = some || IsNamedByIds(device);
  if (!some) return absl::OkStatus();
  node::Sources sources;
  sources.sys = sysfs;
  const absl::StatusOr<std::vector<v1::NodeDevice>> present = node::ListUsbDevices(sources);
  if (!present.ok()) return WithReason(v1::REASON_DRIVER_FAILED, present.status());
  auto& all = *devices->mutable_host_devices();
  for (auto device = all.begin(); device != all.end();) {
    if (!IsNamedByIds(*device)) {
      ++device;
      continue;
    }
    v1::HostUsbDevice& usb = *device->mutable_usb();
    std::vector<const v1::UsbDeviceCapability*> meant;
    for (const v1::NodeDevice& one : *present) {
      if (IsMeant(usb, one.capabilities(0).usb_device())) meant.push_back(&one.capabilities(0).usb_device());
    }
    if (meant.size() > 1) {
      return Error(v1::REASON_SPEC_INVALID,
                   absl::StrFormat("the host has %d of %s: name one by bus and device", meant.size(), Text(usb)));
    }
    if (meant.empty()) {
      if (absent == AbsentUsb::kRefused || usb.startup_policy() != "optional") {
        return Error(v1::REASON_NODE_DEVICE_NOT_FOUND, absl::StrFormat("the host has no %s", Text(usb)));
      }
      util::LogWarn("the host has no ", Text(usb), ": the guest starts without it");
      device = all.erase(device);
      continue;
    }
    usb.set_bus(meant.front()->bus());
    usb.set_device(meant.front()->device());
    ++device;
  }
  return absl::OkStatus();
}

}  // namespace reeve::xen
