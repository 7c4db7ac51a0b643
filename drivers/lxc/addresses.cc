#include "drivers/lxc/addresses.h"

#include <arpa/inet.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

namespace reeve::lxc {

std::string ParseAddress(const std::string& text) {
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return std::string(bytes, 16);
  return {};
}

std::string ParseMac(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() != 6) return {};
  std::string bytes;
  for (absl::string_view part : parts) {
    if (part.size() != 2 || !absl::ascii_isxdigit(static_cast<unsigned char>(part[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(part[1]))) {
      return {};
    }
    bytes += absl::HexStringToBytes(part);
  }
  const bool multicast = (static_cast<unsigned char>(bytes[0]) & 1) != 0;
  if (multicast || bytes == std::string(6, '\0')) return {};
  return bytes;
}

}  // namespace reeve::lxc
