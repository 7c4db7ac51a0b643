// Where the USB devices of the host are that specifications name by vendor and product: libxenlight wants bus and
// device.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "reeve/v1/domain_devices.pb.h"

namespace reeve::xen {

// What a device that is not there means to a start.
enum class AbsentUsb {
  kByPolicy,  // left out where its startup_policy is "optional"
  kRefused,
};

// Fills in bus and device of each that is named by vendor, or vendor and product, as sysfs (a directory, "/sys") has
// them now. NODE_DEVICE_NOT_FOUND; SPEC_INVALID where several are meant.
absl::Status FindUsbDevices(const std::string& sysfs, AbsentUsb absent, v1::Devices* devices);

}  // namespace reeve::xen
