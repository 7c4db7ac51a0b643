// Colour, where it is wanted.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace reeve::cli {

// What a text means; how it looks is decided here only.
enum class Style { kPlain, kHeading, kGood, kWarning, kBad, kFaint };

// `text` in the colours of `style` (ECMA-48 SGR) if `enabled`, else as it is.
inline std::string Styled(absl::string_view text, Style style, bool enabled) {
  if (!enabled || style == Style::kPlain) return std::string(text);
  constexpr const char* kCodes[] = {"0", "1", "32", "33", "31", "2"};
  return absl::StrCat("\x1b[", kCodes[static_cast<int>(style)], "m", text, "\x1b[0m");
}

// Colour is used on a terminal only, and not with --no-color, NO_COLOR set to anything (https://no-color.org), or
// TERM=dumb.
inline bool WantsColor(bool is_terminal, bool no_color_option, const char* no_color, const char* term) {
  const bool refused = no_color_option || (no_color != nullptr && no_color[0] != '\0');
  return is_terminal && !refused && (term == nullptr || absl::string_view(term) != "dumb");
}

}  // namespace reeve::cli
