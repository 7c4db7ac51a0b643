#include "formats/xen_rate_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reeve::formats {
namespace {

constexpr uint64_t kMaxRate = uint64_t{1} << 40;

absl::string_view TakeDigits(absl::string_view* text) {
  size_t count = 0;
  while (count < text->size() && absl::ascii_isdigit(static_cast<unsigned char>((*text)[count]))) ++count;
  const absl::string_view digits = text->substr(0, count);
  text->remove_prefix(count);
  return digits;
}

// "@20ms": digits, then s, ms or us.
bool IsInterval(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "@")) return false;
  if (TakeDigits(&text).empty()) return false;
  return text == "s" || text == "ms" || text == "us";
}

}  // namespace

std::optional<XenRate> ParseXenRateText(absl::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(TakeDigits(&text), &number) || number > kMaxRate) return std::nullopt;
  uint64_t multiple = 1;
  uint64_t divisor = 1;
  if (absl::ConsumePrefix(&text, "G")) {
    multiple = 1024 * 1024;
  } else if (absl::ConsumePrefix(&text, "M")) {
    multiple = 1024;
  } else if (!absl::ConsumePrefix(&text, "K")) {
    divisor = 1024;
  }
  if (absl::ConsumePrefix(&text, "b/s")) {
    divisor *= 8;
  } else if (!absl::ConsumePrefix(&text, "B/s")) {
    return std::nullopt;
  }
  if (!text.empty() && !IsInterval(text)) return std::nullopt;
  XenRate rate;
  rate.exact = text.empty() && number * multiple % divisor == 0;
  rate.kilobytes_per_second = number * multiple / divisor;
  if (rate.kilobytes_per_second == 0 || rate.kilobytes_per_second > kMaxRate) return std::nullopt;
  return rate;
}

std::string WriteXenRateText(uint64_t kilobytes_per_second) {
  return absl::StrCat(kilobytes_per_second, "KB/s");
}

}  // namespace reeve::formats
