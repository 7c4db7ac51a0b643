// Hardware addresses of Ethernet as text. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// Six bytes of one or two hexadecimal digits with ":" between, as "52:54:00:0a:0b:0c": two digits each, lower case.
// Nothing for other text.
std::optional<std::string> NormalMacAddress(absl::string_view text);

// Whether a normal address is that of one device: the lowest bit of its first byte is zero.
bool IsUnicastMac(absl::string_view normal);

// "52:54:00" and the last three bytes of a UUID.
std::string MacAddressOfUuid(absl::string_view prefix, absl::string_view uuid);

}  // namespace reeve::formats
