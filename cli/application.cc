#include "cli/application.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/runner.h"
#include "cli/shell.h"
#include "util/version.h"

namespace reeve::cli {
namespace {

bool ColorFor(int fd, bool no_color) {
  return WantsColor(::isatty(fd) != 0, no_color, std::getenv("NO_COLOR"), std::getenv("TERM"));
}

// `reeve complete -- WORD...`: the candidates for the last word, one a line, for the script of bash.
int RunComplete(Output* output, Interrupt* interrupt, std::vector<std::string> words) {
  words.erase(words.begin());
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  Context context(GlobalOptions{}, &AllCommands(), output, interrupt);
  for (const std::string& candidate : Complete(context, std::move(words), true)) {
    output->Print(absl::StrCat(candidate, "\n"));
  }
  return output->Flush().ok() ? kExitOk : kExitFailed;
}

int Run(const GlobalOptions& options, const std::vector<std::string>& words, Output* output, Interrupt* interrupt) {
  Context context(options, &AllCommands(), output, interrupt);
  if (options.help || options.version) {
    output->Print(options.help ? GeneralHelp(AllCommands(), output->color())
                               : absl::StrCat("reeve ", util::kVersion, "\n"));
    return output->Flush().ok() ? kExitOk : kExitFailed;
  }
  if (words.empty()) return RunShell(context);
  // As with virsh, one word is a command line of its own.
  return words.size() == 1 ? RunText(context, words.front()) : RunWords(context, words);
}

}  // namespace

int RunApplication(const std::vector<std::string>& words) {
  auto interrupt = Interrupt::Create();
  std::vector<std::string> rest;
  auto options = ParseGlobalOptions(words, &rest);
  const bool no_color = options.ok() && options->no_color;
  Output output(stdout, stderr, ColorFor(STDOUT_FILENO, no_color), ColorFor(STDERR_FILENO, no_color));
  if (!interrupt.ok()) {
    output.PrintError(interrupt.status().message());
    return kExitFailed;
  }
  if (!words.empty() && words.front() == "complete") return RunComplete(&output, interrupt->get(), words);
  if (!options.ok()) {
    output.PrintError(options.status().message());
    output.PrintNote(SeeHelp(nullptr));
    return kExitUsage;
  }
  return Run(*options, rest, &output, interrupt->get());
}

}  // namespace reeve::cli
