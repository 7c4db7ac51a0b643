#include "cli/help.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/arguments.h"
#include "cli/color.h"

namespace reeve::cli {
namespace {

constexpr size_t kLineWidth = 80;

// Words filled into lines behind `indent` blanks.
std::string Filled(absl::string_view text, size_t indent) {
  const std::string blanks(indent, ' ');
  std::string result;
  std::string line;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kLineWidth) {
      absl::StrAppend(&result, blanks, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  return absl::StrCat(result, blanks, line, "\n");
}

// "  -o, --output FORMAT".
std::string OptionName(const Option& option) {
  if (option.kind == Option::Kind::kArgument) return absl::StrCat(option.value, ", --", option.name, " ", option.value);
  std::string name = option.letter == '\0' ? "" : absl::StrCat("-", std::string(1, option.letter), ", ");
  absl::StrAppend(&name, "--", option.name);
  if (option.kind == Option::Kind::kValue) absl::StrAppend(&name, " ", option.value);
  return name;
}

std::string OptionLines(const std::vector<Option>& options) {
  size_t width = 0;
  for (const Option& option : options) width = std::max(width, OptionName(option).size());
  std::string result;
  for (const Option& option : options) {
    const std::string name = OptionName(option);
    absl::StrAppend(&result, "    ", name, std::string(width - name.size() + 2, ' '), option.help, "\n");
  }
  return result;
}

}  // namespace

std::string Synopsis(const Command& command) {
  std::string result = command.name;
  for (const Option& option : command.options) {
    std::string part = option.kind == Option::Kind::kArgument
                           ? std::string(option.value)
                           : absl::StrCat("--", option.name, option.kind == Option::Kind::kValue ? " " : "",
                                          option.kind == Option::Kind::kValue ? option.value : "");
    if (!option.required) part = absl::StrCat("[", part, "]");
    if (option.repeated) absl::StrAppend(&part, "...");
    absl::StrAppend(&result, " ", part);
  }
  return result;
}

std::string GeneralHelp(const std::vector<CommandGroup>& groups, bool color) {
  std::string result = absl::StrCat(
      "reeve [OPTION]... COMMAND [ARGUMENT]...\n"
      "reeve [OPTION]... \"COMMAND; COMMAND\"\n"
      "reeve [OPTION]...          an interactive shell\n\n",
      Styled("Options", Style::kHeading, color), "\n", OptionLines(GlobalOptionList()));
  size_t width = 0;
  for (const CommandGroup& group : groups) {
    for (const Command& command : group.commands) width = std::max(width, absl::string_view(command.name).size());
  }
  for (const CommandGroup& group : groups) {
    absl::StrAppend(&result, "\n", Styled(group.title, Style::kHeading, color), "\n");
    for (const Command& command : group.commands) {
      const absl::string_view name = command.name;
      absl::StrAppend(&result, "    ", name, std::string(width - name.size() + 2, ' '), command.summary, "\n");
    }
  }
  absl::StrAppend(&result,
                  "\nEnvironment: REEVE_DEFAULT_URI (what to connect to), REEVE_CLIENT_CONFIG, NO_COLOR, VISUAL and EDITOR.\n"
                  "Exit codes: 0 done, 1 the call failed, 2 wrong command line, 3 cannot connect, 130 Ctrl-C.\n"
                  "More of one command: reeve help COMMAND\n");
  return result;
}

std::string CommandHelp(const Command& command, bool color) {
  const auto heading = [color](const char* text) {
    return absl::StrCat("  ", Styled(text, Style::kHeading, color), "\n");
  };
  std::string result = absl::StrCat(heading("NAME"), "    ", command.name, " - ", command.summary, "\n\n",
                                    heading("SYNOPSIS"), Filled(Synopsis(command), 4));
  if (command.description[0] != '\0') {
    absl::StrAppend(&result, "\n", heading("DESCRIPTION"), Filled(command.description, 4));
  }
  if (!command.options.empty()) absl::StrAppend(&result, "\n", heading("OPTIONS"), OptionLines(command.options));
  if (command.examples[0] != '\0') {
    absl::StrAppend(&result, "\n", heading("EXAMPLES"));
    for (absl::string_view line : absl::StrSplit(command.examples, '\n')) absl::StrAppend(&result, "    ", line, "\n");
  }
  return result;
}

std::string SeeHelp(const Command* command) {
  return command == nullptr ? "see: reeve help" : absl::StrCat("see: reeve help ", command->name);
}

}  // namespace reeve::cli
