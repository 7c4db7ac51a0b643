#include "drivers/lxc/cpu_list.h"

#include <bitset>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::lxc {
namespace {

constexpr size_t kNumbers = 4096;

}  // namespace

std::optional<std::string> KernelList(absl::string_view text) {
  std::bitset<kNumbers> set;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const bool without = absl::ConsumePrefix(&part, "^");
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(part, absl::MaxSplits('-', 1));
    size_t first = 0;
    if (!absl::SimpleAtoi(ends.first, &first)) return std::nullopt;
    size_t last = first;
    if (part.find('-') != absl::string_view::npos && !absl::SimpleAtoi(ends.second, &last)) return std::nullopt;
    if (last < first || last >= kNumbers) return std::nullopt;
    for (size_t number = first; number <= last; ++number) set.set(number, !without);
  }
  if (set.none()) return std::nullopt;
  std::string list;
  for (size_t number = 0; number < kNumbers; ++number) {
    if (!set[number]) continue;
    size_t last = number;
    while (last + 1 < kNumbers && set[last + 1]) ++last;
    absl::StrAppend(&list, list.empty() ? "" : ",", number);
    if (last > number) absl::StrAppend(&list, "-", last);
    number = last;
  }
  return list;
}

}  // namespace reeve::lxc
