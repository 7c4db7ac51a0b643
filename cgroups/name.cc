#include "cgroups/name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace reeve::cgroups {
namespace {

constexpr size_t kLongestName = 255;  // NAME_MAX
constexpr size_t kLongestPartition = 1024;

// The kernel refuses to make a group whose name is that of a control file in its parent: all have a controller's name
// and a dot before the rest, save three of v1.
bool LooksLikeControlFile(absl::string_view name) {
  if (name == "tasks" || name == "notify_on_release" || name == "release_agent") return true;
  static constexpr absl::string_view kPrefixes[] = {
      "cgroup.", "cpu.",  "cpuacct.", "cpuset.",     "memory.",   "devices.", "freezer.", "net_cls.", "blkio.",
      "io.",     "pids.", "hugetlb.", "perf_event.", "net_prio.", "rdma.",    "misc.",    "irq.",     "dmem."};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [name](absl::string_view prefix) { return absl::StartsWith(name, prefix); });
}

}  // namespace

absl::StatusOr<std::string> EscapeName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("the name of a control group is empty");
  std::string escaped;
  if (name[0] == '_' || name[0] == '.' || LooksLikeControlFile(name)) escaped = "_";
  for (char c : name) {
    if (c == '/' || c == '%' || absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&escaped, "%%%02X", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  if (escaped.size() > kLongestName) {
    return absl::InvalidArgumentError(absl::StrCat("the name of the control group has ", escaped.size(),
                                                   " bytes, more than ", kLongestName, ": ", escaped.substr(0, 64),
                                                   "..."));
  }
  return escaped;
}

absl::StatusOr<std::string> ParsePartition(absl::string_view partition) {
  const std::string shown(partition.substr(0, 64));
  if (!absl::StartsWith(partition, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("the partition \"", shown, "\" is not an absolute path"));
  }
  if (partition.size() > kLongestPartition) {
    return absl::InvalidArgumentError(
        absl::StrCat("the partition \"", shown, "...\" is longer than ", kLongestPartition, " bytes"));
  }
  if (partition == "/") return std::string();
  for (absl::string_view part : absl::StrSplit(partition.substr(1), '/')) {
    const absl::StatusOr<std::string> escaped = EscapeName(part);
    if (!escaped.ok() || (*escaped != part && !absl::StartsWith(part, "_"))) {
      return absl::InvalidArgumentError(absl::StrCat("the partition \"", shown, "\" has the part \"",
                                                     part.substr(0, 64),
                                                     "\", which cannot be the name of a control group"));
    }
  }
  return std::string(partition.substr(1));
}

}  // namespace reeve::cgroups
