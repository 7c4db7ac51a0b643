#include "cgroups/cpuacct.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

constexpr size_t kMostCpus = 65536;

// Lines "cpu user system", after a headline.
absl::StatusOr<std::vector<CpuTime>> ReadAll(const ControllerFiles& files) {
  absl::StatusOr<std::string> content = files.Read("cpuacct.usage_all");
  if (!content.ok()) return content.status();
  std::vector<CpuTime> times;
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields[0] == "cpu") continue;
    size_t cpu = 0;
    CpuTime time;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[0], &cpu) || cpu >= kMostCpus ||
        !absl::SimpleAtoi(fields[1], &time.user_ns) || !absl::SimpleAtoi(fields[2], &time.system_ns)) {
      return files.Malformed("cpuacct.usage_all", line);
    }
    time.total_ns = time.user_ns + time.system_ns;
    if (times.size() <= cpu) times.resize(cpu + 1);
    times[cpu] = time;
  }
  return times;
}

}  // namespace

absl::StatusOr<uint64_t> ReadCpuTimeNs(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuacct);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->ReadNumber("cpuacct.usage");
  absl::StatusOr<CpuTime> time = ReadCpuTime(location);
  if (!time.ok()) return time.status();
  return time->total_ns;
}

absl::StatusOr<CpuTime> ReadCpuTime(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuacct);
  if (!files.ok()) return files.status();
  CpuTime result;
  if (files->version() == 1) {
    absl::StatusOr<std::vector<CpuTime>> times = ReadAll(*files);
    if (!times.ok()) return times.status();
    for (const CpuTime& time : *times) {
      result.total_ns += time.total_ns;
      result.user_ns += time.user_ns;
      result.system_ns += time.system_ns;
    }
    return result;
  }
  absl::Status status = files->ReadKeys("cpu.stat", [&](absl::string_view key, uint64_t microseconds) {
    if (key == "usage_usec") result.total_ns = microseconds * 1000;
    if (key == "user_usec") result.user_ns = microseconds * 1000;
    if (key == "system_usec") result.system_ns = microseconds * 1000;
  });
  if (!status.ok()) return status;
  return result;
}

absl::StatusOr<std::vector<CpuTime>> ReadCpuTimes(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuacct);
  if (!files.ok()) return files.status();
  if (files->version() == 2) return files->Without("CPU time of each CPU");
  return ReadAll(*files);
}

}  // namespace reeve::cgroups
