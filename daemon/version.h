// The version of reeved.
#pragma once

namespace reeve {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace reeve
