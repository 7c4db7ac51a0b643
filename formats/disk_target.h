// The names that disks have in a guest. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// The place of "hda", "sdc1", "xvdaa" among those of its prefix (fd, hd, sd, vd, xvd), from 0; nothing for other names,
// and for more than three letters.
std::optional<uint32_t> IndexOfDiskTarget(absl::string_view target);

}  // namespace reeve::formats
