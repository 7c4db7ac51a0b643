// The way of every long job, from the call to the end of its operation.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"

namespace reeve::state {

template <typename Request>
void Core::DoLong(const Caller& caller, const Request& request,
                  const std::function<absl::StatusOr<Target>()>& find_target, Done<v1::Operation> done, LongJob job) {
  Do<v1::Operation>(
      caller, request, job.verb,
      [&]() -> absl::StatusOr<Target> {
        absl::StatusOr<Target> target = find_target();
        // The operation is made beside the domain's queue: the answer must not wait for a change that hangs.
        if (target.ok()) target->queue = absl::StrCat(job.verb, " ", target->resource_name());
        return target;
      },
      true, std::move(done),
      [this, requestor = caller.identity, connection = caller.connection, access = caller.access, job](
          ChangeContext&, const Target& target) -> absl::StatusOr<v1::Operation> {
        if (absl::Status status = job.check(target); !status.ok()) return status;
        absl::StatusOr<v1::Operation> operation = operations_.Begin(job.name, target.resource_name(), requestor);
        if (!operation.ok()) return operation;
        absl::Status submitted = executor_.Submit(
            target.resource_name(), [this, target, requestor, connection, access, job, name = operation->name()] {
              ChangeContext context;
              context.requestor = requestor;
              context.connection = connection;
              context.access = access;
              context.operation = name;
              absl::Status status = unstored_.Flush(target.resource_name());
              const std::shared_ptr<drivers::Progress> progress = operations_.ProgressOf(name);
              if (status.ok() && (progress == nullptr || progress->Cancelled())) {
                status = Error(v1::REASON_OPERATION_CANCELLED, "cancelled before it began");
              }
              if (status.ok()) status = job.work(context, target, progress.get());
              operations_.End(name, WithContext(absl::StrCat(job.verb, " ", target.resource_name()), status));
            });
        if (submitted.ok()) return operation;
        operations_.End(operation->name(), submitted);
        return submitted;
      });
}

}  // namespace reeve::state
