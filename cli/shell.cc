#include "cli/shell.h"

#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/line_editor.h"
#include "cli/runner.h"

namespace reeve::cli {
namespace {

int RunScript(Context& context) {
  int result = kExitOk;
  char* line = nullptr;
  size_t capacity = 0;
  ssize_t length;
  while (!context.quit_wanted() && (length = ::getline(&line, &capacity, stdin)) > 0) {
    const int code = RunText(context, absl::string_view(line, static_cast<size_t>(length)));
    if (result == kExitOk) result = code;
    if (code == kExitInterrupted) break;
  }
  std::free(line);
  return result;
}

int RunInteractive(Context& context) {
  std::setlocale(LC_CTYPE, "");  // libedit's idea of characters
  auto editor = LineEditor::Create(&context);
  if (!editor.ok()) return context.Fail(editor.status());
  if (!context.options().quiet) {
    context.output().Print(
        "Welcome to reeve, the shell of Reeve.\n\n"
        "Type:  'help' for help with commands\n"
        "       'quit' to quit\n\n");
    (void)context.output().Flush();  // a terminal that is gone ends the loop below
  }
  std::string line;
  while (!context.quit_wanted()) {
    const LineEditor::Result result = (*editor)->ReadLine(context.options().read_only ? "reeve > " : "reeve # ", &line);
    context.ClearInterrupt();
    if (result == LineEditor::Result::kInterrupted) {
      context.output().Print("\n");
      (void)context.output().Flush();
      continue;
    }
    if (result == LineEditor::Result::kEnd) {
      context.output().Print("\n");
      break;
    }
    RunText(context, line);
    context.ClearInterrupt();
  }
  return kExitOk;
}

}  // namespace

int RunShell(Context& context) {
  return ::isatty(STDIN_FILENO) ? RunInteractive(context) : RunScript(context);
}

}  // namespace reeve::cli
