// The version of Reeve.
#pragma once

namespace reeve::util {

// "major.minor.patch" (https://semver.org), the same for daemon, client and command line.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace reeve::util
