#include "auth/issued_index.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::auth {
namespace {

constexpr char kShort[] = "%y%m%d%H%M%SZ";
constexpr char kLong[] = "%E4Y%m%d%H%M%SZ";
constexpr char kCommonName[] = "/CN=";

// UTCTime or GeneralizedTime as ASN.1 has them: years of two digits are 1950 to 2049 (RFC 5280, 4.1.2.5.1).
bool ParseTime(absl::string_view text, absl::Time* time) {
  std::string whole(text);
  if (text.size() == 13) whole = absl::StrCat(text < "50" ? "20" : "19", text);
  std::string error;
  return whole.size() == 15 && absl::ParseTime(kLong, whole, absl::UTCTimeZone(), time, &error);
}

std::string TimeField(absl::Time time) {
  const int64_t year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  return absl::FormatTime(year >= 1950 && year < 2050 ? kShort : kLong, time, absl::UTCTimeZone());
}

bool IsSerial(absl::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'A' && c <= 'F'); });
}

}  // namespace

absl::string_view IssuedCertificate::common_name() const {
  const size_t at = subject.find(kCommonName);
  if (at == std::string::npos) return "";
  return absl::string_view(subject).substr(at + sizeof(kCommonName) - 1);
}

absl::StatusOr<std::vector<IssuedCertificate>> ParseIndex(absl::string_view text) {
  std::vector<IssuedCertificate> result;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
    const auto fault = [number](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what));
    };
    if (fields.size() != 6) return fault("it has not six fields with tabs between them");
    // E is a V that "openssl ca -updatedb" has found to have ended.
    if (fields[0] != "V" && fields[0] != "R" && fields[0] != "E") return fault("its status is neither V nor R nor E");
    IssuedCertificate one{.serial = std::string(fields[3]), .subject = std::string(fields[5])};
    if (!IsSerial(fields[3])) return fault("its serial number is not hexadecimal");
    if (!ParseTime(fields[1], &one.end)) return fault("its end is no time");
    const absl::string_view revoked = fields[2].substr(0, fields[2].find(','));  // a reason may be behind it
    if (fields[0] == "R" && !ParseTime(revoked, &one.revoked)) return fault("its revocation is no time");
    result.push_back(std::move(one));
  }
  return result;
}

std::string FormatIndex(const std::vector<IssuedCertificate>& certificates) {
  std::string text;
  for (const IssuedCertificate& one : certificates) {
    absl::StrAppend(&text, one.is_revoked() ? "R" : "V", "\t", TimeField(one.end), "\t",
                    one.is_revoked() ? TimeField(one.revoked) : "", "\t", one.serial, "\tunknown\t", one.subject,
                    "\n");
  }
  return text;
}

}  // namespace reeve::auth
