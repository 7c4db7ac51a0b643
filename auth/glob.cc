#include "auth/glob.h"

namespace reeve::auth {

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  // Only the last * has to be tried again further on: what an earlier one could take, the last can.
  size_t p = 0;
  size_t t = 0;
  size_t star = absl::string_view::npos;
  size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace reeve::auth
