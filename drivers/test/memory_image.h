// The memory of a test guest as bytes.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace reeve::test_driver {

// Layout: "reeve-test-memory\n", how long the guest has run in nanoseconds as eight bytes, little endian, 1 MiB of a
// pattern, "end\n".

// Writes it in pieces; `step` is called with the percent before each, and its error ends the writing.
absl::Status WriteMemory(int descriptor, absl::Duration ran, const std::function<absl::Status(uint32_t percent)>& step);
// How long the guest had run. IMAGE_INVALID for what is not whole.
absl::StatusOr<absl::Duration> ReadMemory(int descriptor);

}  // namespace reeve::test_driver
