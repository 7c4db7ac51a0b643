// Reading and writing of whole pieces.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

// Writes all of it to a blocking descriptor. `what` begins the error.
absl::Status WriteFully(int descriptor, absl::string_view bytes, absl::string_view what = "write");
// Reads so many bytes from a blocking descriptor, fewer only where it ends. Memory is taken as bytes come.
absl::StatusOr<std::string> ReadUpTo(int descriptor, size_t count);

}  // namespace reeve::util
