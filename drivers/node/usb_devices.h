// The USB devices of the host, as the kernel's sysfs has them (kernel document ABI/stable/sysfs-bus-usb).
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::node {

// All, hubs too, ordered by bus and device; one that is taken out meanwhile is left out. None where the host has no
// USB. The texts of a device, which can say anything, are cut to 126 printable characters. Errors name the file.
// Thread-safe, as both.
absl::StatusOr<std::vector<v1::NodeDevice>> ListUsbDevices(const Sources& sources = {});

// The one of this resource name. NODE_DEVICE_NOT_FOUND.
absl::StatusOr<v1::NodeDevice> ReadUsbDevice(absl::string_view name, const Sources& sources = {});

}  // namespace reeve::node
