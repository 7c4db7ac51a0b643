// Domains as xm configuration files, by libvirt's mapping. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// Writes a domain. Errors: SPEC_UNSUPPORTED for a device that the format cannot express.
absl::StatusOr<std::string> WriteXenXm(const v1::Domain& domain);

}  // namespace reeve::formats
