#include "formats/disk_target.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace reeve::formats {
namespace {

// Three letters name 18278 disks; more have no place on a controller.
constexpr size_t kMaxLetters = 3;

}  // namespace

std::optional<uint32_t> IndexOfDiskTarget(absl::string_view target) {
  for (const absl::string_view prefix : {"fd", "hd", "sd", "vd", "xvd"}) {
    absl::string_view letters = target;
    if (!absl::ConsumePrefix(&letters, prefix)) continue;
    while (!letters.empty() && absl::ascii_isdigit(static_cast<unsigned char>(letters.back())))
      letters.remove_suffix(1);
    if (letters.empty() || letters.size() > kMaxLetters) return std::nullopt;
    uint32_t index = 0;
    for (const char letter : letters) {
      if (!absl::ascii_islower(static_cast<unsigned char>(letter))) return std::nullopt;
      index = index * 26 + static_cast<uint32_t>(letter - 'a') + 1;
    }
    return index - 1;
  }
  return std::nullopt;
}

}  // namespace reeve::formats
