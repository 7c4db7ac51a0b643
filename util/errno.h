// errno as absl::Status.
#pragma once

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

// "what: No such file or directory", with the code that fits `error` (absl::ErrnoToStatus).
absl::Status ErrnoStatus(int error, absl::string_view what);

// The same for the present errno.
inline absl::Status ErrnoStatus(absl::string_view what) { return ErrnoStatus(errno, what); }

}  // namespace reeve::util
