#include "formats/spec_checker.h"

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

std::string ToString(const FieldPath& path) {
  std::string text = path.parent == nullptr ? "" : absl::StrCat(ToString(*path.parent), ".");
  absl::StrAppend(&text, path.field);
  if (path.index >= 0) absl::StrAppend(&text, "[", path.index, "]");
  return text;
}

}  // namespace

bool SpecChecker::Fail(const FieldPath& path, absl::string_view cause) {
  if (!full()) faults_.push_back({ToString(path), std::string(cause)});
  return false;
}

bool SpecChecker::Count(const FieldPath& path, int count, int max) {
  return count <= max || Fail(path, absl::StrCat("has ", count, " entries, at most ", max, " are allowed"));
}

bool SpecChecker::Range(const FieldPath& path, uint64_t number, uint64_t min, uint64_t max) {
  if (number >= min && number <= max) return true;
  return Fail(path, absl::StrCat("is ", number, ", ", min, " to ", max, " is allowed"));
}

bool SpecChecker::Required(const FieldPath& path, const std::string& text) {
  return !text.empty() || Fail(path, "is missing");
}

bool SpecChecker::Text(const FieldPath& path, const std::string& text, size_t max_bytes) {
  if (!Lines(path, text, max_bytes)) return false;
  return !HasControlCharacter(text) || Fail(path, "has a control character");
}

bool SpecChecker::Lines(const FieldPath& path, const std::string& text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Fail(path, absl::StrCat("has ", text.size(), " bytes, at most ", max_bytes, " are allowed"));
  }
  if (!IsValidUtf8(text)) return Fail(path, "is not UTF-8");
  return !HasControlCharacterInLines(text) || Fail(path, "has a control character");
}

bool SpecChecker::Word(const FieldPath& path, const std::string& text, absl::Span<const absl::string_view> words) {
  if (text.empty() || std::find(words.begin(), words.end(), text) != words.end()) return true;
  return Fail(path, absl::StrCat("is '", Printable(text), "', not one of: ", absl::StrJoin(words, ", ")));
}

bool SpecChecker::Path(const FieldPath& path, const std::string& text) {
  if (text.empty()) return true;
  if (!Text(path, text, PATH_MAX - 1)) return false;
  if (text[0] != '/') return Fail(path, absl::StrCat("is '", Printable(text), "', not an absolute path"));
  for (absl::string_view component : absl::StrSplit(text, '/')) {
    if (component == "." || component == "..") {
      return Fail(path, absl::StrCat("is '", Printable(text), "', a path with the component '", component, "'"));
    }
  }
  return true;
}

bool SpecChecker::NetworkDevice(const FieldPath& path, const std::string& text) {
  if (text.empty()) return true;
  if (!Text(path, text)) return false;
  // dev_valid_name of the kernel (net/core/dev.c).
  const bool wrong = text.size() >= IFNAMSIZ || text == "." || text == ".." || absl::StrContains(text, '/') ||
                     absl::StrContains(text, ':') || absl::StrContains(text, ' ');
  return !wrong ||
         Fail(path, absl::StrCat("is '", Printable(text),
                                 "', not the name of a network device: 1 to 15 bytes without '/', ':', blanks"));
}

bool SpecChecker::Address(const FieldPath& path, const std::string& text, int* bits) {
  if (text.empty()) return true;
  in6_addr address;
  const bool has_null = absl::StrContains(text, '\0');
  int length = 0;
  if (!has_null && inet_pton(AF_INET, text.c_str(), &address) == 1) length = 32;
  if (!has_null && inet_pton(AF_INET6, text.c_str(), &address) == 1) length = 128;
  if (bits != nullptr) *bits = length;
  return length != 0 || Fail(path, absl::StrCat("is '", Printable(text), "', not an IPv4 or IPv6 address"));
}

}  // namespace reeve::formats
