#include "cli/commands.h"

#include <catch2/catch.hpp>
#include <set>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/registry.h"

namespace reeve::cli {
namespace {

TEST_CASE("every command is described and can be found") {
  std::set<std::string> names;
  for (const CommandGroup& group : AllCommands()) {
    CHECK(group.title[0] != '\0');
    for (const Command& command : group.commands) {
      INFO(command.name);
      CHECK(names.insert(command.name).second);
      CHECK(command.summary[0] != '\0');
      CHECK(std::string(command.summary).back() != '.');
      CHECK(command.run != nullptr);
      std::vector<std::string> words = {command.name};
      if (const size_t blank = words[0].find(' '); blank != std::string::npos) {
        words = {words[0].substr(0, blank), words[0].substr(blank + 1)};
      }
      size_t count = 0;
      CHECK(FindCommand(AllCommands(), words, &count) == &command);
      CHECK(count == words.size());
    }
  }
  CHECK(names.count("list") == 1);
  CHECK(names.count("convert") == 1);
}

TEST_CASE("the options of every command are sound") {
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      INFO(command.name);
      std::set<std::string> names;
      std::vector<std::string> required;
      bool optional_seen = false;
      for (const Option& option : command.options) {
        INFO(option.name);
        CHECK(names.insert(option.name).second);
        CHECK(option.help[0] != '\0');
        if (option.kind == Option::Kind::kValue && option.required) {
          required.push_back(std::string("--") + option.name);
          required.push_back(option.words.empty() ? "1" : option.words.front());
        }
        if (option.kind != Option::Kind::kArgument) continue;
        if (option.required) required.push_back(option.words.empty() ? "1" : option.words.front());
        CHECK_FALSE((option.required && optional_seen));
        optional_seen = optional_seen || !option.required;
      }
      CHECK(ParseArguments(command, required).ok());  // CLI11 throws for a clash of names
      CHECK_FALSE(CommandHelp(command, false).empty());
    }
  }
}

TEST_CASE("the help of a command has its parts") {
  size_t count = 0;
  const Command* command = FindCommand(AllCommands(), {"start"}, &count);
  REQUIRE(command != nullptr);
  CHECK(Synopsis(*command) == "start DOMAIN [--console] [--paused] [--check] [--autodestroy] [--pass-fds N,...]");
  const std::string help = CommandHelp(*command, false);
  for (const char* part : {"  NAME\n    start - ", "  SYNOPSIS\n", "  DESCRIPTION\n", "  OPTIONS\n", "  EXAMPLES\n"}) {
    CHECK_THAT(help, Catch::Contains(part));
  }
  const std::string general = GeneralHelp(AllCommands(), false);
  CHECK_THAT(general, Catch::Contains("operation list"));
  CHECK_THAT(general, Catch::Contains("3 cannot connect"));
  CHECK_THAT(general, !Catch::Contains("\x1b"));
}

TEST_CASE("an unknown command is not found") {
  size_t count = 0;
  CHECK(FindCommand(AllCommands(), {"nonsense"}, &count) == nullptr);
  CHECK(FindCommand(AllCommands(), {"operation"}, &count) == nullptr);
  CHECK(FindCommand(AllCommands(), {}, &count) == nullptr);
}

}  // namespace
}  // namespace reeve::cli
