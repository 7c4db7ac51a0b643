#include "formats/xml_elements.h"

#include "absl/strings/match.h"

namespace reeve::formats {
namespace {

constexpr size_t kNowhere = absl::string_view::npos;

// Behind the next `end` that comes at or after `from`.
size_t Behind(absl::string_view text, absl::string_view end, size_t from) {
  const size_t found = text.find(end, from);
  return found == kNowhere ? kNowhere : found + end.size();
}

// Behind the '>' of the tag that begins at `from`; one in quotes does not end it.
size_t BehindTag(absl::string_view text, size_t from) {
  char quote = '\0';
  for (size_t i = from; i < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == quote) quote = '\0';
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i + 1;
    }
  }
  return kNowhere;
}

}  // namespace

std::vector<absl::string_view> SplitXmlElements(absl::string_view text, size_t max) {
  std::vector<absl::string_view> elements;
  size_t depth = 0;
  size_t begin = 0;  // of the element that is open
  size_t at = 0;
  while (elements.size() < max) {
    const size_t next = text.find('<', at);
    // Text is for the inside of elements only.
    if (depth == 0 && text.substr(at, next - at).find_first_not_of(" \t\r\n") != kNowhere) return {};
    if (next == kNowhere) break;
    const absl::string_view rest = text.substr(next);
    if (absl::StartsWith(rest, "<!--")) {
      at = Behind(text, "-->", next + 4);
    } else if (absl::StartsWith(rest, "<![CDATA[")) {
      at = depth > 0 ? Behind(text, "]]>", next) : kNowhere;
    } else if (absl::StartsWith(rest, "<?")) {
      // Only as the declaration that a file begins with; others are for the guard to refuse.
      at = depth == 0 && elements.empty() ? Behind(text, "?>", next) : kNowhere;
    } else if (absl::StartsWith(rest, "<!")) {
      return {};
    } else {
      at = BehindTag(text, next);
      if (at == kNowhere) return {};
      const bool closes = absl::StartsWith(rest, "</");
      if (closes && depth == 0) return {};
      if (!closes && depth++ == 0) begin = next;
      const bool ends = closes || text[at - 2] == '/';
      if (ends && --depth == 0) elements.push_back(text.substr(begin, at - begin));
    }
    if (at == kNowhere) return {};
  }
  if (depth != 0) return {};
  return elements;
}

}  // namespace reeve::formats
