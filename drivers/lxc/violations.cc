#include "drivers/lxc/violations.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumPath = 4095;

}  // namespace

std::optional<std::string> PathFault(const std::string& path) {
  if (path.empty()) return "is missing";
  if (path[0] != '/') return absl::StrCat("'", path, "' is not an absolute path");
  if (path.size() > kMaximumPath) return "is longer than 4095 bytes";
  if (path.find('\0') != std::string::npos) return "has a zero byte in it";
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return absl::StrCat("'", path, "' has \"..\" in it");
    if (part.size() > 255) return "has a part longer than 255 bytes";
  }
  return std::nullopt;
}

void CheckPath(const std::string& path, const std::string& field, Violations* violations) {
  if (auto fault = PathFault(path)) violations->Invalid(field, *fault);
}

bool HasZero(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

}  // namespace reeve::lxc
