#include "cli/job_commands.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "cli/table.h"
#include "util/proto_time.h"

namespace reeve::cli {
namespace {

// The newest operation of a domain that runs, or has ended; without a name where there is none.
absl::StatusOr<v1::Operation> FindJob(Context& context, const std::string& domain, bool ended) {
  v1::ListOperationsRequest request;
  request.set_running(!ended);
  auto list = context.Call(methods::kListOperations, std::move(request));
  if (!list.ok()) return list.status();
  for (const v1::Operation& operation : list->operations()) {
    if (operation.target() == domain && operation.done() == ended) return operation;
  }
  return v1::Operation();
}

std::string JobType(const v1::Operation& job) {
  if (job.name().empty()) return "None";
  if (!job.done()) return "Bounded";
  return job.has_error() ? "Failed" : "Completed";
}

int Domjobinfo(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, "Failed to get the job of the domain", argument, name.status());
  auto job = FindJob(context, *name, arguments.Has("completed"));
  if (!job.ok()) return context.Fail("Failed to list operations", job.status());
  if (context.json()) return context.PrintJson(*job);
  KeyValues info(18);
  info.Add("Job type", JobType(*job));
  if (!job->name().empty()) {
    const absl::Time end = job->done() ? util::FromProto(job->end_time()) : absl::Now();
    info.Add("Operation", job->verb());
    info.Add("Time elapsed", absl::StrCat(absl::ToInt64Milliseconds(end - util::FromProto(job->start_time())), " ms"));
    info.Add("Progress", absl::StrCat(job->percent(), " %"));
    if (!job->phase().empty()) info.Add("Phase", job->phase());
    if (job->has_error()) info.Add("Error", job->error().message());
    info.Add("Number", LastPart(job->name()));
  }
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int Domjobabort(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to abort the job of domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  auto job = FindJob(context, *name, /*ended=*/false);
  if (!job.ok()) return context.Fail(failure, job.status());
  if (job->name().empty()) return context.Fail(failure, absl::NotFoundError("no job is active on the domain"));
  v1::CancelOperationRequest request;
  request.set_name(job->name());
  auto operation = context.Call(methods::kCancelOperation, std::move(request));
  if (!operation.ok()) return context.Fail(failure, operation.status());
  return context.json() ? context.PrintJson(*operation) : kExitOk;
}

}  // namespace

std::vector<Command> JobCommands() {
  return {{.name = "domjobinfo",
           .summary = "show the long job of a domain",
           .description = "An operation has a number and outlives its client: see \"operation list\".",
           .examples = "reeve domjobinfo web1\nreeve domjobinfo web1 --completed",
           .options = {DomainArgument(Completion::kDomain), Flag("completed", "the last one that has ended")},
           .run = Domjobinfo},
          {.name = "domjobabort",
           .summary = "ask the long job of a domain to end",
           .options = {DomainArgument(Completion::kDomain)},
           .run = Domjobabort}};
}

}  // namespace reeve::cli
