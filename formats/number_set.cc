#include "formats/number_set.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::formats {
namespace {

constexpr uint32_t kMaxNumber = 16383;
// More parts than numbers cannot be meant, and would be work for nothing.
constexpr size_t kMaxBytes = 4096;

std::optional<uint32_t> Number(absl::string_view text) {
  uint32_t number = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(text, &number) || number > kMaxNumber) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::set<uint32_t>> ParseNumberSet(absl::string_view text) {
  if (text.size() > kMaxBytes) return std::nullopt;
  std::set<uint32_t> numbers;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    const bool without = absl::ConsumePrefix(&part, "^");
    const size_t hyphen = part.find('-');
    const auto first = Number(part.substr(0, hyphen));
    const auto last = hyphen == absl::string_view::npos ? first : Number(part.substr(hyphen + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    if (without) {
      numbers.erase(numbers.lower_bound(*first), numbers.upper_bound(*last));
    } else {
      for (uint32_t number = *first; number <= *last; ++number) numbers.insert(numbers.end(), number);
    }
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

std::string FormatNumberSet(const std::set<uint32_t>& numbers) {
  std::string text;
  for (auto first = numbers.begin(); first != numbers.end();) {
    auto next = std::next(first);
    uint32_t last = *first;
    while (next != numbers.end() && *next == last + 1) last = *next++;
    absl::StrAppend(&text, text.empty() ? "" : ",", *first);
    if (last != *first) absl::StrAppend(&text, "-", last);
    first = next;
  }
  return text;
}

std::string NormalNumberSet(absl::string_view text) {
  const auto numbers = ParseNumberSet(text);
  return numbers ? FormatNumberSet(*numbers) : std::string(text);
}

}  // namespace reeve::formats
