#include "cli/registry.h"

#include "absl/strings/str_cat.h"

namespace reeve::cli {

const Command* FindCommand(const std::vector<CommandGroup>& groups, const std::vector<std::string>& words,
                           size_t* count) {
  if (words.empty()) return nullptr;
  const std::string two_words = words.size() > 1 ? absl::StrCat(words[0], " ", words[1]) : "";
  const Command* found = nullptr;
  for (const CommandGroup& group : groups) {
    for (const Command& command : group.commands) {
      if (two_words == command.name) {
        *count = 2;
        return &command;
      }
      if (words[0] == command.name) found = &command;
    }
  }
  *count = 1;
  return found;
}

}  // namespace reeve::cli
