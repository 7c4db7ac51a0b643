#include "cgroups/controller_file.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"

namespace reeve::cgroups {

std::string FullPath(const Hierarchies& hierarchies, int hierarchy, absl::string_view path) {
  return absl::StrCat(hierarchies.all()[hierarchy].mount_point, "/", path);
}

std::string Label(const Hierarchies& hierarchies, int hierarchy) {
  const Hierarchy& what = hierarchies.all()[hierarchy];
  if (what.version == 2) return "unified hierarchy";
  return absl::StrCat("controller ", absl::StrJoin(what.controllers, ","));
}

absl::StatusOr<ControllerFiles> ControllerFiles::Find(const Hierarchies& hierarchies, Controller controller,
                                                      const std::string& path) {
  const Placement& placement = hierarchies.Find(controller);
  if (placement.hierarchy < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("controller ", Name(controller), " is missing on this host: ", placement.missing));
  }
  return ControllerFiles(hierarchies, controller, placement.hierarchy, placement.version, path);
}

absl::Status ControllerFiles::Write(absl::string_view file, absl::string_view value) const {
  const std::string path = absl::StrCat(path_, "/", file);
  const int error = hierarchies_.tree()->Write(hierarchy_, path, value);
  if (error == 0) return absl::OkStatus();
  return util::ErrnoStatus(error, absl::StrCat("controller ", Name(controller_), ": write \"", value, "\" to ",
                                               FullPath(hierarchies_, hierarchy_, path)));
}

absl::StatusOr<std::string> ControllerFiles::Read(absl::string_view file) const {
  const std::string path = absl::StrCat(path_, "/", file);
  std::string content;
  const int error = hierarchies_.tree()->Read(hierarchy_, path, &content);
  if (error == 0) return content;
  return util::ErrnoStatus(
      error, absl::StrCat("controller ", Name(controller_), ": read ", FullPath(hierarchies_, hierarchy_, path)));
}

absl::StatusOr<uint64_t> ControllerFiles::ReadNumber(absl::string_view file) const {
  absl::StatusOr<std::string> content = Read(file);
  if (!content.ok()) return content.status();
  const absl::string_view text = absl::StripAsciiWhitespace(*content);
  if (text == "max") return std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InternalError(absl::StrCat("controller ", Name(controller_), ": ",
                                          FullPath(hierarchies_, hierarchy_, absl::StrCat(path_, "/", file)),
                                          " has no number but \"", text.substr(0, 64), "\""));
}

absl::StatusOr<std::optional<uint64_t>> ControllerFiles::ReadKey(absl::string_view file, absl::string_view key) const {
  absl::StatusOr<std::string> content = Read(file);
  if (!content.ok()) return content.status();
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint64_t number = 0;
    if (parts.first == key && absl::SimpleAtoi(parts.second, &number)) return std::optional<uint64_t>(number);
  }
  return std::optional<uint64_t>();
}

}  // namespace reeve::cgroups
