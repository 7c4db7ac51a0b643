// The way of every change, from the call to its answer.
#pragma once

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "proto/secrets.h"
#include "proto/status.h"

namespace reeve::state {

template <typename Response, typename Request>
void Core::Do(const Caller& caller, const Request& request, absl::string_view verb,
              const std::function<absl::StatusOr<Target>()>& find_target, bool store_answer, Done<Response> done,
              std::function<absl::StatusOr<Response>(ChangeContext&, const Target&)> job) {
  if (draining_.load()) {
    return done(
        Error(v1::REASON_DAEMON_DRAINING, absl::StrCat(verb, ": the daemon is ending, reconnect and try again")));
  }
  // The object is authorised before anything else is looked at, also the answer that was given before.
  absl::StatusOr<Target> target = find_target();
  if (ReasonOf(target.status()) == v1::REASON_PERMISSION_DENIED) return done(WithContext(verb, target.status()));
  std::shared_ptr<RequestRecord> record;
  if (!request.request_id().empty() && store_answer) {
    absl::StatusOr<RequestRecord> made = MakeRequest(caller.identity, caller.method, request.request_id(), request);
    if (!made.ok()) return done(WithContext(verb, made.status()));
    record = std::make_shared<RequestRecord>(*std::move(made));
    absl::StatusOr<bool> first = requests_.Begin(*record, [done](const absl::StatusOr<std::string>& stored) {
      if (!stored.ok()) return done(stored.status());
      Response response;
      if (!response.ParseFromString(*stored))
        return done(Error(v1::REASON_INTERNAL, "a stored answer cannot be parsed"));
      done(std::move(response));
    });
    if (!first.ok()) return done(WithContext(verb, first.status()));
    if (!*first) return;
  }
  const auto finish = [this, record, done](absl::StatusOr<Response> response) {
    if (record != nullptr) {
      requests_.End(*record, response.ok() ? absl::StatusOr<std::string>(response->SerializeAsString())
                                           : absl::StatusOr<std::string>(response.status()));
    }
    done(std::move(response));
  };
  if (!target.ok()) return finish(WithContext(verb, target.status()));
  const std::string clause = absl::StrCat(verb, " ", target->resource_name());
  absl::Status submitted = executor_.Submit(
      target->queue.empty() ? target->resource_name() : target->queue,
      [this, record, finish, clause, target = *target, requestor = caller.identity, connection = caller.connection,
       access = caller.access, job = std::move(job)] {
        ChangeContext context;
        context.requestor = requestor;
        context.connection = connection;
        context.access = access;
        context.request = record.get();
        absl::StatusOr<Response> response = absl::UnknownError("");
        absl::Status flushed = target.queue.empty() ? unstored_.Flush(target.resource_name()) : absl::OkStatus();
        if (!flushed.ok()) {
          response = flushed;
        } else {
          response = job(context, target);
        }
        if (response.ok()) ClearSecrets(&*response);
        if (response.ok() && record != nullptr && !context.recorded) {
          // Nothing was committed, but the answer must be given again.
          record->response = response->SerializeAsString();
          Transaction transaction;
          transaction.time = options_.clock->Now();
          transaction.request = record.get();
          if (absl::Status status = store_->Write(transaction); !status.ok()) {
            response = WithContext("it was done, but the answer cannot be stored for its request_id", status);
          }
        }
        if (!response.ok()) response = WithContext(clause, WithReason(v1::REASON_INTERNAL, response.status()));
        finish(std::move(response));
      });
  if (!submitted.ok()) finish(WithContext(clause, submitted));
}

}  // namespace reeve::state
