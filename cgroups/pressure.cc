#include "cgroups/pressure.h"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

absl::string_view FileOf(Resource resource) {
  switch (resource) {
    case Resource::kCpu:
      return "cpu.pressure";
    case Resource::kMemory:
      return "memory.pressure";
    case Resource::kIo:
      return "io.pressure";
  }
  return "";
}

}  // namespace

absl::StatusOr<Pressure> ParsePressure(absl::string_view text) {
  Pressure pressure;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    PressureLine* target = fields.empty()        ? nullptr
                           : fields[0] == "some" ? &pressure.some
                           : fields[0] == "full" ? &pressure.full
                                                 : nullptr;
    bool good = target != nullptr;
    for (size_t i = 1; good && i < fields.size(); ++i) {
      const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(fields[i], absl::MaxSplits('=', 1));
      if (parts.first == "avg10") good = absl::SimpleAtod(parts.second, &target->average_10);
      if (parts.first == "avg60") good = absl::SimpleAtod(parts.second, &target->average_60);
      if (parts.first == "avg300") good = absl::SimpleAtod(parts.second, &target->average_300);
      if (parts.first == "total") good = absl::SimpleAtoi(parts.second, &target->total_us);
    }
    if (!good) return absl::InvalidArgumentError(absl::StrCat("pressure: \"", line.substr(0, 128), "\" is malformed"));
  }
  return pressure;
}

absl::StatusOr<Pressure> ReadPressure(const Location& location, Resource resource) {
  const int unified = location.hierarchies.unified();
  if (unified < 0) return absl::FailedPreconditionError("pressure of groups needs a v2 hierarchy, and none is mounted");
  const std::string path = JoinPath(location.path, FileOf(resource));
  std::string content;
  const int error = location.hierarchies.tree()->Read(unified, path, &content);
  if (error == 0) {
    absl::StatusOr<Pressure> pressure = ParsePressure(content);
    if (pressure.ok()) return pressure;
    return absl::InternalError(
        absl::StrCat(FullPath(location.hierarchies, unified, path), ": ", pressure.status().message()));
  }
  const absl::Status status =
      util::ErrnoStatus(error, absl::StrCat("read ", FullPath(location.hierarchies, unified, path)));
  if (error != EOPNOTSUPP) return status;
  return absl::FailedPreconditionError(absl::StrCat(status.message(), ": the kernel was started with psi=0"));
}

}  // namespace reeve::cgroups
