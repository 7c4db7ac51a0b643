// Addresses as bytes.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace reeve::lxc {

// 4 or 16 bytes in network order; empty for what is no address.
std::string ParseAddress(const std::string& text);

// 6 bytes; empty for what is no unicast hardware address "52:54:00:xx:xx:xx", or is all zeroes.
std::string ParseMac(absl::string_view text);

}  // namespace reeve::lxc
