#include "cgroups/slice.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cgroups/name.h"

namespace reeve::cgroups {
namespace {

constexpr size_t kLongestUnit = 255;
constexpr char kSuffix[] = ".slice";

// "-" divides the parts of a slice's name, so it is escaped too.
std::string EscapeUnit(absl::string_view part) {
  std::string escaped;
  for (size_t i = 0; i < part.size(); ++i) {
    const char c = part[i];
    const bool plain =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == ':' || c == '_' || (c == '.' && i > 0);
    if (plain) {
      escaped += c;
    } else {
      absl::StrAppendFormat(&escaped, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace

absl::StatusOr<std::string> SliceOfPartition(absl::string_view partition) {
  absl::StatusOr<std::string> path = ParsePartition(partition);
  if (!path.ok()) return path.status();
  if (path->empty()) return absl::StrCat("-", kSuffix);
  std::string name;
  for (absl::string_view part : absl::StrSplit(*path, '/')) {
    absl::StrAppend(&name, name.empty() ? "" : "-", EscapeUnit(part));
  }
  absl::StrAppend(&name, kSuffix);
  if (name.size() > kLongestUnit) {
    return absl::InvalidArgumentError(absl::StrCat("the partition \"", partition.substr(0, 64),
                                                   "...\" makes a slice's name longer than ", kLongestUnit, " bytes"));
  }
  return name;
}

absl::StatusOr<std::string> GroupOfUnit(absl::string_view slice, absl::string_view unit) {
  std::string path;
  absl::string_view name = slice;
  if (!absl::ConsumeSuffix(&name, kSuffix)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", slice, "\" is not the name of a slice"));
  }
  if (name != "-") {
    for (size_t dash = name.find('-'); dash != absl::string_view::npos; dash = name.find('-', dash + 1)) {
      absl::StatusOr<std::string> outer = EscapeName(absl::StrCat(name.substr(0, dash), kSuffix));
      if (!outer.ok()) return outer.status();
      absl::StrAppend(&path, *outer, "/");
    }
    absl::StatusOr<std::string> own = EscapeName(slice);
    if (!own.ok()) return own.status();
    absl::StrAppend(&path, *own, "/");
  }
  absl::StatusOr<std::string> escaped = EscapeName(unit);
  if (!escaped.ok()) return escaped.status();
  return absl::StrCat(path, *escaped);
}

std::string SystemdRoot(absl::string_view init_cgroup) {
  for (absl::string_view line : absl::StrSplit(init_cgroup, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3 || (fields[1] != "" && fields[1] != "name=systemd")) continue;
    absl::string_view path = fields[2];
    if (absl::ConsumeSuffix(&path, "/init.scope") || absl::ConsumeSuffix(&path, "/init")) {
      absl::ConsumePrefix(&path, "/");
      return std::string(path);
    }
  }
  return std::string();
}

}  // namespace reeve::cgroups
