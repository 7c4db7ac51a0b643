// Sizes with units, as libvirt's documents have them. Pure functions, thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// `number` times `unit` in KiB, rounded up. Units, of any case: b, byte, bytes; k, m, g, t, p, e and the same with "iB"
// for powers of 1024; with "B" for powers of 1000 (KB, MB ...). An empty unit stands for `default_unit`. Else, and
// beyond 2^63 - 1 bytes, SPEC_INVALID with a message that begins with a verb.
absl::StatusOr<uint64_t> ScaledKibibytes(uint64_t number, absl::string_view unit, absl::string_view default_unit);

// The same in bytes.
absl::StatusOr<uint64_t> ScaledBytes(uint64_t number, absl::string_view unit, absl::string_view default_unit);

}  // namespace reeve::formats
