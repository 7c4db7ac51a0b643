#include "util/glob.h"

#include <algorithm>
#include <cstddef>

namespace reeve::util {

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  size_t at = 0;
  size_t place = 0;
  // Where to go on when what follows the last star does not fit: the star takes one byte more.
  size_t star = absl::string_view::npos;
  size_t star_place = 0;
  while (place < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_place = place;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[place])) {
      ++at;
      ++place;
    } else if (star != absl::string_view::npos) {
      at = star + 1;
      place = ++star_place;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

bool AnyGlobMatches(const std::vector<std::string>& patterns, absl::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return GlobMatches(pattern, text); });
}

}  // namespace reeve::util
