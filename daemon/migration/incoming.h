// The destination's half of a migration.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "reeve/v1/migration_service.pb.h"
#include "util/fd.h"

namespace reeve::migration {

// One guest that comes in, between three that know it: the stream from the source, the job that makes the guest, and
// whoever asks how it ended. It is decided once: by the source's `go` and the job's success for this host, by everything
// else for the source. Thread-safe.
class Incoming {
 public:
  // How the source is told of what happens; both do not block, and are not called any more when Broken has returned.
  struct Replies {
    std::function<void(const v1::MigrationAnswer&)> answer;
    std::function<void(const absl::Status&)> fail;  // ends the stream
  };
  static absl::StatusOr<std::shared_ptr<Incoming>> Create(Replies replies);

  // The stream. `accepted` is sent.
  void Accept();
  // Waits while the job takes no more. An error: the job has ended or the messages are out of order.
  absl::Status Memory(absl::string_view bytes);
  absl::Status MemoryEnd();
  absl::Status Go();
  // The stream has ended. Before `go` that gives the guest up.
  void Broken(absl::string_view why);

  // The job. Where the memory comes from; it ends early when the stream breaks.
  int descriptor() const { return reading_.get(); }
  // The guest is there, suspended: `restored` is sent. Waits for `go`; an error says why it will not come, and then the
  // guest must go again. Asks `cancelled` on the way.
  absl::Status AwaitGo(const std::function<bool()>& cancelled);
  // Why the job failed; before Decide.
  void Fail(const absl::Status& status);
  // How the job ended: the guest is ours and stored, or nothing of it is left. `running` is sent. Always called, once.
  void Decide(bool arrived);

  // Waits for the decision; a guest that has not got `go` is given up. DEADLINE_EXCEEDED.
  absl::StatusOr<v1::MigrationOutcome> Settle(absl::Duration timeout);

 private:
  enum class Phase {
    kMemory,   // comes
    kWhole,    // has come
    kGoing,    // `go` has come: the job decides
    kGivenUp,  // `go` will not be taken any more
  };

  Incoming(Replies replies, util::UniqueFd reading, util::UniqueFd writing)
      : reading_(std::move(reading)), writing_(std::move(writing)), replies_(std::move(replies)) {}
  void GiveUp(absl::string_view why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Send(const v1::MigrationAnswer& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const util::UniqueFd reading_;
  const util::UniqueFd writing_;
  absl::Mutex mutex_;
  Replies replies_ ABSL_GUARDED_BY(mutex_);
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kMemory;
  std::string why_ ABSL_GUARDED_BY(mutex_);
  bool restored_ ABSL_GUARDED_BY(mutex_) = false;
  bool decided_ ABSL_GUARDED_BY(mutex_) = false;
  bool arrived_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace reeve::migration
