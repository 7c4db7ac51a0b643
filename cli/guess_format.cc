#include "cli/guess_format.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::cli {
namespace {

using formats::Format;

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

// The first fields of a domain in protobuf's text form.
constexpr absl::string_view kFields[] = {"name", "uid", "spec"};

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
}

// What stands before the first character that is in no word, and that character behind blanks.
struct Start {
  absl::string_view word;
  char sign = '\0';
};

Start StartOf(absl::string_view line) {
  size_t end = 0;
  while (end < line.size() && IsWordCharacter(line[end])) ++end;
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(line.substr(end));
  return {line.substr(0, end), rest.empty() ? '\0' : rest[0]};
}

}  // namespace

absl::StatusOr<Format> GuessFormat(absl::string_view file, absl::string_view text) {
  absl::ConsumePrefix(&text, kByteOrderMark);
  bool assigns = false;
  for (const absl::string_view raw : absl::StrSplit(text, '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '<') return Format::kXml;
    if (line[0] == '{') return Format::kJson;
    if (line[0] == '(') return Format::kXenSxpr;
    const Start start = StartOf(line);
    if (start.sign == '=' && absl::StartsWith(start.word, "lxc.")) return Format::kLxcTools;
    if ((start.sign == ':' || start.sign == '{') &&
        std::find(std::begin(kFields), std::end(kFields), start.word) != std::end(kFields)) {
      return Format::kTextproto;
    }
    assigns = start.sign == '=' && !start.word.empty();
    break;
  }
  if (assigns && (absl::EndsWith(file, ".xl") || absl::EndsWith(file, ".xl.cfg"))) return Format::kXenXl;
  if (assigns && (absl::EndsWith(file, ".xm") || absl::EndsWith(file, ".xm.cfg"))) return Format::kXenXm;
  if (assigns) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " may be ", NameOf(Format::kXenXl), " or ", NameOf(Format::kXenXm), ": say --format"));
  }
  return absl::InvalidArgumentError(absl::StrCat("the format of ", file, " cannot be told: say --format"));
}

}  // namespace reeve::cli
