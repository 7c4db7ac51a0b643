#include "daemon/migration/incoming.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::migration {
namespace {

// How often a wait asks whether it was cancelled.
constexpr absl::Duration kStep = absl::Milliseconds(100);

absl::Status OutOfOrder(absl::string_view what) {
  return Error(v1::REASON_REQUEST_INVALID, absl::StrCat(what, " comes out of order"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Incoming>> Incoming::Create(Replies replies) {
  // A socket: shutdown(2) ends a write that waits on it, as closing a pipe would not.
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return util::ErrnoStatus("socketpair");
  return std::shared_ptr<Incoming>(new Incoming(std::move(replies), util::UniqueFd(ends[0]), util::UniqueFd(ends[1])));
}

void Incoming::Send(const v1::MigrationAnswer& answer) {
  if (replies_.answer) replies_.answer(answer);
}

void Incoming::Accept() {
  v1::MigrationAnswer answer;
  answer.set_accepted(true);
  const absl::MutexLock lock(&mutex_);
  Send(answer);
}

absl::Status Incoming::Memory(absl::string_view bytes) {
  {
    const absl::MutexLock lock(&mutex_);
    if (phase_ == Phase::kGivenUp) return Error(v1::REASON_TRANSFER_FAILED, why_);
    if (phase_ != Phase::kMemory) return OutOfOrder("memory");
  }
  while (!bytes.empty()) {
    const ssize_t sent = send(writing_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return WithReason(v1::REASON_TRANSFER_FAILED, util::ErrnoStatus("the guest's memory is not taken"));
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status Incoming::MemoryEnd() {
  const absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kGivenUp) return Error(v1::REASON_TRANSFER_FAILED, why_);
  if (phase_ != Phase::kMemory) return OutOfOrder("memory_end");
  phase_ = Phase::kWhole;
  (void)shutdown(writing_.get(), SHUT_WR);
  return absl::OkStatus();
}

absl::Status Incoming::Go() {
  const absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kGivenUp) return Error(v1::REASON_TRANSFER_FAILED, why_);
  if (phase_ != Phase::kWhole || !restored_) return OutOfOrder("go");
  phase_ = Phase::kGoing;
  return absl::OkStatus();
}

void Incoming::GiveUp(absl::string_view why) {
  if (phase_ == Phase::kGoing || phase_ == Phase::kGivenUp) return;
  phase_ = Phase::kGivenUp;
  why_ = std::string(why);
  (void)shutdown(writing_.get(), SHUT_RDWR);
}

void Incoming::Broken(absl::string_view why) {
  const absl::MutexLock lock(&mutex_);
  replies_ = {};
  GiveUp(why);
}

absl::Status Incoming::AwaitGo(const std::function<bool()>& cancelled) {
  // Nothing more is taken: what would come behind the memory ends the stream.
  (void)shutdown(reading_.get(), SHUT_RD);
  const absl::MutexLock lock(&mutex_);
  const auto await = [&](const std::function<bool()>& over) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!mutex_.AwaitWithTimeout(absl::Condition(&over), kStep)) {
      if (cancelled()) GiveUp("it was cancelled at the destination");
    }
  };
  await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return phase_ != Phase::kMemory; });
  // The whole of the memory may have come between two looks.
  if (phase_ == Phase::kWhole && cancelled()) GiveUp("it was cancelled at the destination");
  if (phase_ == Phase::kWhole) {
    restored_ = true;
    v1::MigrationAnswer answer;
    answer.set_restored(true);
    Send(answer);
  }
  await([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return phase_ == Phase::kGoing || phase_ == Phase::kGivenUp;
  });
  if (phase_ == Phase::kGoing) return absl::OkStatus();
  return Error(v1::REASON_TRANSFER_FAILED, why_);
}

void Incoming::Fail(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  if (replies_.fail) replies_.fail(status);
}

void Incoming::Decide(bool arrived) {
  const absl::MutexLock lock(&mutex_);
  if (!arrived && phase_ != Phase::kGoing) GiveUp("the guest could not be restored");
  decided_ = true;
  arrived_ = arrived;
  if (!arrived) return;
  v1::MigrationAnswer answer;
  answer.set_running(true);
  Send(answer);
}

absl::StatusOr<v1::MigrationOutcome> Incoming::Settle(absl::Duration timeout) {
  const absl::MutexLock lock(&mutex_);
  GiveUp("the source has given it up");
  if (!mutex_.AwaitWithTimeout(absl::Condition(&decided_), timeout)) {
    return absl::DeadlineExceededError("the guest is not yet stored here");
  }
  v1::MigrationOutcome outcome;
  outcome.set_arrived(arrived_);
  return outcome;
}

}  // namespace reeve::migration
