// Command lines typed as one text.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::cli {

// One command's words.
using WordList = std::vector<std::string>;

// Splits "list --all; dominfo 'my web'" into commands of words. Blanks divide words, ';' and line ends divide commands,
// '...' keeps all, "..." keeps all but that \ takes the next character as it is, \ does so outside of quotes too, and #
// at the start of a word begins a comment. Empty commands are left out. INVALID_ARGUMENT: a quote is not closed, a
// \ ends the text.
absl::StatusOr<std::vector<WordList>> SplitCommands(absl::string_view text);

// The same for a line that is still being typed: the words of its last command, the last of them the one at the cursor,
// which may be empty. An open quote is taken as closed.
WordList WordsForCompletion(absl::string_view text);

// A word as it must be typed to come out as `text`.
std::string Quoted(absl::string_view text);

}  // namespace reeve::cli
