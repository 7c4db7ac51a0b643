#include "cgroups/controller_file.h"

#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

constexpr size_t kShownOfValue = 128;

}  // namespace

std::string FullPath(const Hierarchies& hierarchies, int hierarchy, absl::string_view path) {
  return absl::StrCat(hierarchies.all()[hierarchy].mount_point, "/", path);
}

std::string Label(const Hierarchies& hierarchies, int hierarchy) {
  const Hierarchy& what = hierarchies.all()[hierarchy];
  if (what.version == 2) return "unified hierarchy";
  return absl::StrCat("controller ", absl::StrJoin(what.controllers, ","));
}

std::string ParentPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string JoinPath(absl::string_view path, absl::string_view file) {
  return path.empty() ? std::string(file) : absl::StrCat(path, "/", file);
}

absl::StatusOr<ControllerFiles> ControllerFiles::Find(const Location& location, Controller controller) {
  const Placement& placement = location.hierarchies.Find(controller);
  if (placement.hierarchy < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("controller ", Name(controller), " is missing on this host: ", placement.missing));
  }
  return ControllerFiles(location, controller, placement.hierarchy, placement.version);
}

std::string ControllerFiles::PathOf(absl::string_view file) const {
  return JoinPath(location_.path, file);
}

std::string ControllerFiles::ParentsPart(absl::string_view file, int error) const {
  if (location_.path.empty()) return std::string();
  Tree* tree = location_.hierarchies.tree();
  const std::string parent = ParentPath(location_.path);
  std::string content;
  if (error == ENOENT && version_ == 2) {
    if (tree->Read(hierarchy_, JoinPath(parent, "cgroup.subtree_control"), &content) != 0) return std::string();
    return absl::StrCat(" (the parent ", FullPath(location_.hierarchies, hierarchy_, parent), " passes on \"",
                        absl::StripAsciiWhitespace(content), "\")");
  }
  if (tree->Read(hierarchy_, JoinPath(parent, file), &content) != 0) return std::string();
  return absl::StrCat(" (the parent has \"", absl::StripAsciiWhitespace(content).substr(0, kShownOfValue), "\")");
}

absl::Status ControllerFiles::Write(absl::string_view file, absl::string_view value) const {
  const std::string path = PathOf(file);
  const int error = location_.hierarchies.tree()->Write(hierarchy_, path, value);
  if (error == 0) return absl::OkStatus();
  const absl::Status status =
      util::ErrnoStatus(error, absl::StrCat("controller ", Name(controller_), ": write \"", value, "\" to ",
                                            FullPath(location_.hierarchies, hierarchy_, path)));
  return absl::Status(status.code(), absl::StrCat(status.message(), ParentsPart(file, error)));
}

absl::StatusOr<std::string> ControllerFiles::Read(absl::string_view file) const {
  const std::string path = PathOf(file);
  std::string content;
  const int error = location_.hierarchies.tree()->Read(hierarchy_, path, &content);
  if (error == 0) return content;
  return util::ErrnoStatus(error, absl::StrCat("controller ", Name(controller_), ": read ",
                                               FullPath(location_.hierarchies, hierarchy_, path)));
}

absl::StatusOr<uint64_t> ControllerFiles::ReadNumber(absl::string_view file) const {
  absl::StatusOr<std::string> content = Read(file);
  if (!content.ok()) return content.status();
  const absl::string_view text = absl::StripAsciiWhitespace(*content);
  if (text == "max") return std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return Malformed(file, text);
}

absl::StatusOr<std::optional<uint64_t>> ControllerFiles::ReadKey(absl::string_view file, absl::string_view key) const {
  std::optional<uint64_t> found;
  absl::Status status = ReadKeys(file, [&](absl::string_view name, uint64_t number) {
    if (name == key) found = number;
  });
  if (!status.ok()) return status;
  return found;
}

absl::Status ControllerFiles::ReadKeys(absl::string_view file,
                                       const std::function<void(absl::string_view, uint64_t)>& each) const {
  absl::StatusOr<std::string> content = Read(file);
  if (!content.ok()) return content.status();
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint64_t number = 0;
    if (absl::SimpleAtoi(parts.second, &number)) each(parts.first, number);
  }
  return absl::OkStatus();
}

bool ControllerFiles::Has(absl::string_view file) const {
  return location_.hierarchies.tree()->Exists(hierarchy_, PathOf(file));
}

absl::Status ControllerFiles::Without(absl::string_view what) const {
  return absl::FailedPreconditionError(absl::StrCat("controller ", Name(controller_), ": version ", version_,
                                                    " has no ", what, " (group ", location_.path, ")"));
}

absl::Status ControllerFiles::Malformed(absl::string_view file, absl::string_view content) const {
  return absl::InternalError(absl::StrCat("controller ", Name(controller_), ": ",
                                          FullPath(location_.hierarchies, hierarchy_, PathOf(file)),
                                          " is not understood: \"", content.substr(0, kShownOfValue), "\""));
}

}  // namespace reeve::cgroups
