// The list of sound cards as xm configurations and xend's S-expressions say it: "sb16,es1370". "all" stands for these
// two, which were all that Xen's emulator had. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain_devices.pb.h"

namespace reeve::formats {

// Adds the cards. Errors: SPEC_INVALID, with a cause that fits behind "the list of sound cards ".
absl::Status ParseXenSoundText(absl::string_view text, v1::Devices* devices);

// The models of devices.sounds; empty without any. Errors: SPEC_UNSUPPORTED, with a cause as above.
absl::StatusOr<std::string> WriteXenSoundText(const v1::Devices& devices);

}  // namespace reeve::formats
