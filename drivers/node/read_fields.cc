#include "drivers/node/read_fields.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {

absl::StatusOr<std::string> ReadLine(const std::string& path) {
  absl::StatusOr<std::string> text = util::ReadFile(path);
  if (!text.ok()) return text.status();
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<uint64_t> ReadNumber(const std::string& path) {
  const absl::StatusOr<std::string> line = ReadLine(path);
  if (!line.ok()) return line.status();
  uint64_t number = 0;
  if (!absl::SimpleAtoi(*line, &number)) return absl::InternalError(absl::StrCat(path, " has no number"));
  return number;
}

std::optional<uint64_t> MemoryKib(absl::string_view meminfo, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(meminfo, '\n')) {
    if (absl::StartsWith(line, "Node ")) {
      line.remove_prefix(5);
      line = absl::StripLeadingAsciiWhitespace(line.substr(std::min(line.size(), line.find(' '))));
    }
    if (!absl::ConsumePrefix(&line, name) || !absl::ConsumePrefix(&line, ":")) continue;
    line = absl::StripAsciiWhitespace(line);
    uint64_t value = 0;
    if (absl::ConsumeSuffix(&line, "kB") && absl::SimpleAtoi(absl::StripAsciiWhitespace(line), &value)) return value;
  }
  return std::nullopt;
}

std::vector<uint64_t> NumberedEntries(const std::string& directory, absl::string_view prefix,
                                      absl::string_view suffix) {
  std::vector<uint64_t> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    absl::string_view digits = name;
    uint64_t number = 0;
    if (absl::ConsumePrefix(&digits, prefix) && absl::ConsumeSuffix(&digits, suffix) &&
        absl::SimpleAtoi(digits, &number)) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::Status NodeCannot(const absl::Status& status) {
  return status.ok() ? status : Error(v1::REASON_NODE_CANNOT, status.message());
}

absl::Status WriteNumber(const std::string& path, uint64_t number) {
  return NodeCannot(util::WriteExisting(path, absl::StrCat(number)));
}

}  // namespace reeve::node
