#include "cli/operation_commands.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/follow_operation.h"
#include "cli/job_commands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/units.h"

namespace reeve::cli {
namespace {

// The user may leave "operations/" out.
std::string OperationName(const Arguments& arguments) {
  const std::string argument = arguments.Get("operation");
  return absl::StartsWith(argument, "operations/") ? argument : absl::StrCat("operations/", argument);
}

std::string Outcome(const v1::Operation& operation) {
  if (!operation.done()) return absl::StrCat(operation.percent(), " %");
  return operation.has_error() ? "failed" : "done";
}

Style OutcomeStyle(const v1::Operation& operation) {
  if (!operation.done()) return Style::kWarning;
  return operation.has_error() ? Style::kBad : Style::kGood;
}

int List(Context& context, const Arguments& arguments) {
  v1::ListOperationsRequest request;
  request.set_running(arguments.Has("running"));
  auto list = context.Call(methods::kListOperations, std::move(request));
  if (!list.ok()) return context.Fail("Failed to list operations", list.status());
  if (context.json()) return context.PrintJson(*list);
  Table table({"Operation", "Verb", "Target", "State", "Phase", "Started", "By"});
  for (const v1::Operation& operation : list->operations()) {
    table.AddRow({LastPart(operation.name()),
                  operation.verb(),
                  LastPart(operation.target()),
                  {Outcome(operation), OutcomeStyle(operation)},
                  operation.phase(),
                  TimeWords(operation.start_time()),
                  operation.requestor()});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int PrintOperation(Context& context, const v1::Operation& operation) {
  if (context.json()) return context.PrintJson(operation);
  KeyValues info(16);
  info.Add("Operation", LastPart(operation.name()));
  info.Add("Verb", operation.verb());
  info.Add("Target", operation.target());
  info.Add("State", Outcome(operation), OutcomeStyle(operation));
  if (!operation.phase().empty()) info.Add("Phase", operation.phase());
  if (operation.has_error()) info.Add("Error", operation.error().message());
  info.Add("Cancellable", operation.cancellable() ? "yes" : "no");
  info.Add("Requestor", operation.requestor());
  info.Add("Started", TimeWords(operation.start_time()));
  if (operation.has_end_time()) info.Add("Ended", TimeWords(operation.end_time()));
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int Show(Context& context, const Arguments& arguments) {
  v1::GetOperationRequest request;
  request.set_name(OperationName(arguments));
  auto operation = context.Call(methods::kGetOperation, std::move(request));
  if (!operation.ok()) {
    return context.Fail(absl::StrCat("failed to get operation '", arguments.Get("operation"), "'"), operation.status());
  }
  return PrintOperation(context, *operation);
}

int Wait(Context& context, const Arguments& arguments) {
  const std::string failure = absl::StrCat("Operation '", arguments.Get("operation"), "' failed");
  v1::GetOperationRequest request;
  request.set_name(OperationName(arguments));
  auto operation = context.Call(methods::kGetOperation, std::move(request));
  if (!operation.ok()) {
    return context.Fail(absl::StrCat("failed to get operation '", arguments.Get("operation"), "'"), operation.status());
  }
  auto ended = FollowOperation(context, *operation, InterruptMeans::kStopWaiting);
  if (!ended.ok()) return context.Fail(failure, ended.status());
  if (context.json()) return context.PrintJson(*ended);
  return context.Done(absl::StrCat("Operation '", arguments.Get("operation"), "' done"));
}

int Cancel(Context& context, const Arguments& arguments) {
  v1::CancelOperationRequest request;
  request.set_name(OperationName(arguments));
  auto operation = context.Call(methods::kCancelOperation, std::move(request));
  if (!operation.ok()) {
    return context.Fail(absl::StrCat("Failed to cancel operation '", arguments.Get("operation"), "'"),
                        operation.status());
  }
  if (context.json()) return context.PrintJson(*operation);
  return context.Done(absl::StrCat("Operation '", arguments.Get("operation"), "' is being cancelled"));
}

Option OperationArgument() {
  return Argument("operation", "OPERATION", "number of the operation", Completion::kOperation);
}

}  // namespace

CommandGroup OperationCommands() {
  std::vector<Command> jobs = JobCommands();
  CommandGroup group{
      "Operations",
      {
          {.name = "operation list",
           .summary = "list long jobs, newest first",
           .options = {Flag("running", "only those that run")},
           .run = List},
          {.name = "operation show", .summary = "show a long job", .options = {OperationArgument()}, .run = Show},
          {.name = "operation wait",
           .summary = "wait for the end of a long job",
           .description = "Shows how far it is. Fails as the job fails. Ctrl-C ends the waiting, not the job.",
           .examples = "reeve operation wait 7",
           .options = {OperationArgument()},
           .run = Wait},
          {.name = "operation cancel",
           .summary = "ask a long job to end",
           .options = {OperationArgument()},
           .run = Cancel},
      }};
  for (Command& command : jobs) group.commands.push_back(std::move(command));
  return group;
}

}  // namespace reeve::cli
