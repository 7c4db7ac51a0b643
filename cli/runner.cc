#include "cli/runner.h"

#include "absl/strings/str_cat.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/registry.h"
#include "cli/split.h"

namespace reeve::cli {
namespace {

int UsageError(Context& context, const Command* command, absl::string_view message) {
  context.output().PrintError(message);
  context.output().PrintNote(SeeHelp(command));
  return kExitUsage;
}

// Sets --output and --quiet for one command.
class OptionsOfCommand {
 public:
  OptionsOfCommand(Context* context, const Arguments& arguments)
      : context_(context), output_(context->options().output), quiet_(context->options().quiet) {
    context->options().output = arguments.Get("output", output_);
    context->options().quiet = quiet_ || arguments.Has("quiet");
  }
  ~OptionsOfCommand() {
    context_->options().output = output_;
    context_->options().quiet = quiet_;
  }

 private:
  Context* const context_;
  const std::string output_;
  const bool quiet_;
};

}  // namespace

int RunWords(Context& context, const std::vector<std::string>& words) {
  size_t name_words = 0;
  const Command* command = FindCommand(context.commands(), words, &name_words);
  if (command == nullptr) return UsageError(context, nullptr, absl::StrCat("unknown command: '", words[0], "'"));
  auto arguments = ParseArguments(*command, {words.begin() + static_cast<std::ptrdiff_t>(name_words), words.end()});
  if (!arguments.ok()) {
    return UsageError(context, command, absl::StrCat(command->name, ": ", arguments.status().message()));
  }
  int code = kExitOk;
  if (arguments->Has("help")) {
    context.output().Print(CommandHelp(*command, context.output().color()));
  } else {
    const OptionsOfCommand options(&context, *arguments);
    code = command->run(context, *arguments);
  }
  if (absl::Status status = context.output().Flush(); !status.ok()) {
    if (status.code() != absl::StatusCode::kCancelled) context.output().PrintError(status.message());
    return code == kExitOk ? kExitFailed : code;
  }
  return code;
}

int RunText(Context& context, absl::string_view text) {
  auto commands = SplitCommands(text);
  if (!commands.ok()) return UsageError(context, nullptr, commands.status().message());
  int result = kExitOk;
  for (const WordList& words : *commands) {
    const int code = RunWords(context, words);
    if (result == kExitOk) result = code;
    if (context.quit_wanted() || code == kExitInterrupted) break;
  }
  return result;
}

}  // namespace reeve::cli
