// Hardware addresses for interfaces whose definition gives none.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace reeve::drivers {

// What libvirt takes for containers, and the range of the Xen project (xl-network-configuration(5)).
inline constexpr absl::string_view kMacPrefix = "52:54:00";
inline constexpr absl::string_view kXenMacPrefix = "00:16:3e";

// The stable default address of a domain's interface: the prefix, then three bytes made of uid and index. Pure.
std::string DefaultMac(absl::string_view prefix, absl::string_view uid, int index);

}  // namespace reeve::drivers
