#include "drivers/node/cpu_list.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::node {
namespace {

constexpr int kMaxCpu = 65535;

bool ParseNumber(absl::string_view text, int* number) {
  return !text.empty() && absl::ascii_isdigit(text[0]) && absl::SimpleAtoi(text, number) && *number <= kMaxCpu;
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  std::vector<int> cpus;
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return cpus;
  for (const absl::string_view range : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
    const bool single = range.find('-') == absl::string_view::npos;
    int first = 0;
    int last = 0;
    if (!ParseNumber(ends.first, &first) || !ParseNumber(single ? ends.first : ends.second, &last) || last < first ||
        (!cpus.empty() && first <= cpus.back())) {
      return absl::InvalidArgumentError(absl::StrCat("\"", text.substr(0, 100), "\" is not a list of CPUs"));
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace reeve::node
