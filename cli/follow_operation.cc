#include "cli/follow_operation.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

// How long the daemon holds an answer back while nothing ends: the rhythm of the progress bar.
constexpr int kStepMilliseconds = 200;

}  // namespace

absl::StatusOr<v1::Operation> FollowOperation(Context& context, v1::Operation operation, InterruptMeans interrupt) {
  ProgressDisplay display(&context.output(), context.options().quiet ? 0 : ErrorTerminalColumns());
  bool cancelled = false;
  while (!operation.done()) {
    if (!context.options().quiet && !context.json()) {
      display.Show(absl::StrCat(operation.verb(), operation.phase().empty() ? "" : ": ", operation.phase()),
                   operation.percent());
    }
    v1::WaitOperationRequest request;
    request.set_name(operation.name());
    request.mutable_timeout()->set_nanos(kStepMilliseconds * 1'000'000);
    auto now = context.Call(methods::kWaitOperation, std::move(request));
    if (now.ok()) {
      operation = *std::move(now);
      continue;
    }
    if (!context.Interrupted() || cancelled || interrupt == InterruptMeans::kStopWaiting) return now.status();
    cancelled = true;
    context.ClearInterrupt();
    v1::CancelOperationRequest cancel;
    cancel.set_name(operation.name());
    auto asked = context.Call(methods::kCancelOperation, std::move(cancel));
    if (!asked.ok()) context.output().PrintNote(asked.status().message());
  }
  if (operation.has_error()) return FromRpcStatus(operation.error());
  return operation;
}

int FinishOperation(Context& context, const v1::Operation& operation, bool detach, absl::string_view failure,
                    absl::string_view done) {
  if (detach) {
    if (context.json()) return context.PrintJson(operation);
    return context.Done(absl::StrCat("Begun as ", operation.name()));
  }
  auto ended = FollowOperation(context, operation);
  if (!ended.ok()) return context.Fail(failure, ended.status());
  return context.json() ? context.PrintJson(*ended) : context.Done(done);
}

}  // namespace reeve::cli
