// Disks and network interfaces of xl and xm files; only for the Xen codecs of this folder.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

enum class XenDialect { kXl, kXm };

// Read one item of the list `disk` or `vif`. Errors: SPEC_INVALID, without a place.
absl::StatusOr<v1::Disk> ReadXenDisk(absl::string_view text, XenDialect dialect);
absl::StatusOr<v1::Interface> ReadXenInterface(absl::string_view text);

// Write one item. Errors: SPEC_UNSUPPORTED.
absl::StatusOr<std::string> WriteXenDisk(const v1::Disk& disk, XenDialect dialect);
absl::StatusOr<std::string> WriteXenInterface(const v1::Interface& interface, XenDialect dialect, bool is_hvm);

}  // namespace reeve::formats
