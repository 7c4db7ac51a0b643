#include "drivers/lxc/guest_links.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

// A guest may make many interfaces; those that count are among the first.
constexpr size_t kMostBytes = 64 << 10;
constexpr size_t kNumbers = 16;

}  // namespace

std::map<std::string, v1::InterfaceStatistics> ParseGuestLinks(absl::string_view text) {
  std::map<std::string, v1::InterfaceStatistics> links;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const size_t colon = line.rfind(':');  // a name has none (dev_valid_name of the kernel)
    if (colon == absl::string_view::npos) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(colon + 1), absl::ByAnyChar(" "), absl::SkipEmpty());
    uint64_t numbers[kNumbers];
    bool good = words.size() == kNumbers;
    for (size_t i = 0; good && i < kNumbers; ++i) good = absl::SimpleAtoi(words[i], &numbers[i]);
    if (!good) continue;
    v1::InterfaceStatistics& link = links[std::string(absl::StripAsciiWhitespace(line.substr(0, colon)))];
    link.set_receive_bytes(numbers[0]);
    link.set_receive_packets(numbers[1]);
    link.set_receive_errors(numbers[2]);
    link.set_receive_drops(numbers[3]);
    link.set_send_bytes(numbers[8]);
    link.set_send_packets(numbers[9]);
    link.set_send_errors(numbers[10]);
    link.set_send_drops(numbers[11]);
  }
  return links;
}

std::map<std::string, v1::InterfaceStatistics> ReadGuestLinks(int64_t pid) {
  const absl::StatusOr<std::string> text = util::ReadFile(absl::StrCat("/proc/", pid, "/net/dev"), kMostBytes);
  return text.ok() ? ParseGuestLinks(*text) : std::map<std::string, v1::InterfaceStatistics>();
}

}  // namespace reeve::lxc
