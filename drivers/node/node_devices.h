// The devices of the host that can be given to guests: PCI functions and USB devices.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::node {

// PCI functions by address, then USB devices by bus and device. Thread-safe, as both.
absl::StatusOr<std::vector<v1::NodeDevice>> ListNodeDevices(const Sources& sources = {});

// The one of this resource name. NAME_INVALID, NODE_DEVICE_NOT_FOUND.
absl::StatusOr<v1::NodeDevice> ReadNodeDevice(absl::string_view name, const Sources& sources = {});

}  // namespace reeve::node
