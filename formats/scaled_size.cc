#include "formats/scaled_size.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kPrefixes = "kmgtpe";
constexpr uint64_t kMaxBytes = std::numeric_limits<int64_t>::max();

// Bytes of a unit, 0 when there is no such unit.
uint64_t BytesOf(absl::string_view unit) {
  for (absl::string_view bytes : {"b", "byte", "bytes"}) {
    if (absl::EqualsIgnoreCase(unit, bytes)) return 1;
  }
  const size_t power = unit.empty() ? absl::string_view::npos : kPrefixes.find(absl::ascii_tolower(unit[0]));
  if (power == absl::string_view::npos) return 0;
  const absl::string_view suffix = unit.substr(1);
  const bool binary = suffix.empty() || absl::EqualsIgnoreCase(suffix, "iB");
  if (!binary && !absl::EqualsIgnoreCase(suffix, "B")) return 0;
  uint64_t bytes = 1;
  for (size_t i = 0; i <= power; ++i) bytes *= binary ? 1024 : 1000;
  return bytes;
}

}  // namespace

absl::StatusOr<uint64_t> ScaledBytes(uint64_t number, absl::string_view unit, absl::string_view default_unit) {
  const uint64_t bytes = BytesOf(unit.empty() ? default_unit : unit);
  const std::string shown = Printable(unit);
  if (bytes == 0) {
    return Error(v1::REASON_SPEC_INVALID, absl::StrCat("has the unit '", shown, "', which is not known"),
                 {{"unit", shown}});
  }
  if (number > kMaxBytes / bytes) return Error(v1::REASON_SPEC_INVALID, "is 2^63 bytes or more");
  return number * bytes;
}

absl::StatusOr<uint64_t> ScaledKibibytes(uint64_t number, absl::string_view unit, absl::string_view default_unit) {
  const auto bytes = ScaledBytes(number, unit, default_unit);
  if (!bytes.ok()) return bytes.status();
  return *bytes / 1024 + (*bytes % 1024 != 0 ? 1 : 0);
}

}  // namespace reeve::formats
