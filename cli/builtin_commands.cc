#include "cli/builtin_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/registry.h"

namespace reeve::cli {
namespace {

int Help(Context& context, const Arguments& arguments) {
  const std::vector<std::string> words = arguments.All("command");
  if (words.empty()) {
    context.output().Print(GeneralHelp(context.commands(), context.output().color()));
    return kExitOk;
  }
  size_t count = 0;
  const Command* command = FindCommand(context.commands(), words, &count);
  if (command == nullptr || count < words.size()) {
    context.output().PrintError(absl::StrCat("unknown command: '", absl::StrJoin(words, " "), "'"));
    return kExitUsage;
  }
  context.output().Print(CommandHelp(*command, context.output().color()));
  return kExitOk;
}

int ConnectCommand(Context& context, const Arguments& arguments) {
  const bool read_only = arguments.Has("readonly");
  std::string uri = arguments.Get("uri");
  if (uri.empty()) {
    const auto present = context.Uri();
    if (!present.ok()) return context.Fail("Failed to connect", present.status());
    uri = *present;
  }
  if (absl::Status status = context.SetUri(uri, read_only); !status.ok()) {
    return context.Fail("Failed to connect", status);
  }
  auto connection = context.Connect();
  return connection.ok() ? kExitOk : context.Fail("Failed to connect", connection.status());
}

int Quit(Context& context, const Arguments&) {
  context.Quit();
  return kExitOk;
}

}  // namespace

CommandGroup BuiltinCommands() {
  Option command = Argument("command", "COMMAND", "which command; without it all are listed", Completion::kCommand);
  command.required = false;
  command.repeated = true;
  Option uri = Argument("uri", "URI", "what to connect to, or its alias; without it the same again", Completion::kUri);
  uri.required = false;
  return {
      "This program",
      {
          {.name = "help", .summary = "print help", .examples = "reeve help list", .options = {command}, .run = Help},
          {.name = "connect",
           .summary = "connect to another hypervisor, in the shell",
           .examples = "connect test:///default --readonly",
           .options = {uri, Flag("readonly", "connect read-only")},
           .run = ConnectCommand},
          {.name = "quit", .summary = "leave the shell", .run = Quit},
          {.name = "exit", .summary = "leave the shell", .run = Quit},
      }};
}

}  // namespace reeve::cli
