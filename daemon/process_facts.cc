#include "daemon/process_facts.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "util/files.h"

namespace reeve {
namespace {

uint32_t CountEntries(const char* directory) {
  std::error_code error;
  uint32_t count = 0;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

ProcessFacts ReadProcessFacts() {
  ProcessFacts facts;
  if (const absl::StatusOr<std::string> status = util::ReadFile("/proc/self/status"); status.ok()) {
    for (absl::string_view line : absl::StrSplit(*status, '\n')) {
      if (!absl::ConsumePrefix(&line, "VmRSS:") || !absl::ConsumeSuffix(&line, "kB")) continue;
      // SimpleAtoi takes the blanks around the number.
      (void)absl::SimpleAtoi(line, &facts.resident_kib);
    }
  }
  // The one that reads the directory is among them.
  facts.file_descriptors = std::max(1u, CountEntries("/proc/self/fd")) - 1;
  facts.threads = CountEntries("/proc/self/task");
  return facts;
}

}  // namespace reeve
