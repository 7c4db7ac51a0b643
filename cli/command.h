// What a command of reeve is: a description from which parsing, help and completion come, and a function.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::cli {

class Arguments;
class Context;

// What can stand in an argument's place, for completion.
enum class Completion {
  kNone,
  kWords,  // those in Option::words
  kDomain,
  kActiveDomain,
  kInactiveDomain,
  kOperation,
  kClient,
  kFile,
  kCommand,
  kUri,  // the names of client.toml
};

// One option or argument of a command.
struct Option {
  enum class Kind {
    kFlag,      // --all
    kValue,     // --timeout SECONDS
    kArgument,  // DOMAIN, or --domain DOMAIN
  };
  Kind kind = Kind::kFlag;
  const char* name = "";   // without dashes: "all"
  char letter = '\0';      // -a
  const char* value = "";  // what the value is called: "SECONDS"
  const char* help = "";   // a sentence without a full stop
  bool required = false;   // of arguments and values
  bool repeated = false;   // of the last argument and of values: may come more than once
  Completion completion = Completion::kNone;
  std::vector<const char*> words = {};
};

// Shorthands for the descriptions.
inline Option Flag(const char* name, const char* help, char letter = '\0') {
  return {.kind = Option::Kind::kFlag, .name = name, .letter = letter, .help = help};
}
inline Option Value(const char* name, const char* value, const char* help) {
  return {.kind = Option::Kind::kValue, .name = name, .value = value, .help = help};
}
inline Option Argument(const char* name, const char* value, const char* help, Completion completion) {
  return {.kind = Option::Kind::kArgument,
          .name = name,
          .value = value,
          .help = help,
          .required = true,
          .completion = completion};
}

// A command. `run` gives the exit code.
struct Command {
  const char* name = "";  // "list", or two words: "operation list"
  const char* summary = "";
  const char* description = "";  // more than the summary, may be empty
  const char* examples = "";     // lines, may be empty
  std::vector<Option> options = {};
  int (*run)(Context& context, const Arguments& arguments) = nullptr;
  bool hidden = false;
};

// Commands of one subject.
struct CommandGroup {
  const char* title = "";
  std::vector<Command> commands;
};

// Exit codes of reeve.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;         // the call failed
inline constexpr int kExitUsage = 2;          // the command line is wrong
inline constexpr int kExitCannotConnect = 3;  // no daemon
inline constexpr int kExitInterrupted = 130;  // Ctrl-C, as shells count it: 128 + SIGINT

}  // namespace reeve::cli
