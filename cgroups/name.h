// Names of groups and partitions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::cgroups {

// A name that is one directory and no control file: "/", "%" and control characters become %XX, and "_" is put before
// what starts with "_" or "." or looks like a file of the kernel ("tasks", "memory.max"). Different names stay
// different. INVALID_ARGUMENT when it is empty, or longer than 255 bytes then.
absl::StatusOr<std::string> EscapeName(absl::string_view name);

// "/machine/a" as a path below a hierarchy's root: "machine/a"; "/" is "". INVALID_ARGUMENT when it is not absolute, is
// longer than 1024 bytes, or a part is empty, "." or "..", or is not a name as EscapeName would leave it.
absl::StatusOr<std::string> ParsePartition(absl::string_view partition);

}  // namespace reeve::cgroups
