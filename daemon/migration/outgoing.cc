#include "daemon/migration/outgoing.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/log.h"

namespace reeve::migration {
namespace {

constexpr size_t kPiece = 256 << 10;
constexpr int kPipeBytes = 1 << 20;

absl::Status Broken(absl::string_view step, const absl::Status& status) {
  return WithContext(step, WithReason(v1::REASON_TRANSFER_FAILED, status));
}

v1::MigrationMessage Memory(std::string bytes) {
  v1::MigrationMessage message;
  message.set_memory(std::move(bytes));
  return message;
}

// How far the memory is, by what the driver says of itself and what has been sent, which may come to more than the
// guest has: of a live one pieces are sent again.
class MemoryProgress final : public drivers::Progress {
 public:
  MemoryProgress(drivers::Progress* progress, uint64_t expected)
      : progress_(*progress), expected_(std::max<uint64_t>(expected, 1)) {}

  void Report(absl::string_view /*phase*/, uint32_t percent) override { Advance(percent); }
  bool Cancelled() const override { return progress_.Cancelled(); }
  void Sent(size_t bytes) {
    sent_ += bytes;
    Advance(static_cast<uint32_t>(std::min<uint64_t>(sent_ * kMostPercent / expected_, kMostPercent)));
  }

 private:
  static constexpr uint32_t kMostPercent = 89;

  void Advance(uint32_t percent) {
    const absl::MutexLock lock(&mutex_);
    percent_ = std::max(percent_, std::min(percent, kMostPercent));
    progress_.Report("memory", percent_);
  }

  drivers::Progress& progress_;
  const uint64_t expected_;
  std::atomic<uint64_t> sent_{0};
  absl::Mutex mutex_;
  uint32_t percent_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Takes what the driver writes into a pipe to the link, on a thread of its own.
class Pump {
 public:
  static absl::StatusOr<std::unique_ptr<Pump>> Start(Link* link, MemoryProgress* progress) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return util::ErrnoStatus("pipe");
    auto pump = std::unique_ptr<Pump>(new Pump(link, progress, util::UniqueFd(ends[0]), util::UniqueFd(ends[1])));
    (void)fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // a smaller one does as well
    pump->thread_ = std::thread([self = pump.get()] { self->Run(); });
    return pump;
  }
  ~Pump() { (void)Finish(); }

  int descriptor() const { return writing_.get(); }
  // Nothing more is written: waits until all of it is sent. How that went.
  absl::Status Finish() {
    writing_.Reset();
    if (thread_.joinable()) thread_.join();
    return failure();
  }
  // What has stopped it so far.
  absl::Status failure() const {
    const absl::MutexLock lock(&mutex_);
    return status_;
  }

 private:
  Pump(Link* link, MemoryProgress* progress, util::UniqueFd reading, util::UniqueFd writing)
      : link_(link), progress_(*progress), reading_(std::move(reading)), writing_(std::move(writing)) {}

  void Run() {
    for (;;) {
      std::string piece(kPiece, '\0');
      const ssize_t got = read(reading_.get(), piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) Fail(util::ErrnoStatus("read the guest's memory"));
      if (got <= 0) break;
      piece.resize(static_cast<size_t>(got));
      absl::Status status = link_->Send(Memory(std::move(piece)), [this] { return progress_.Cancelled(); });
      if (!status.ok()) {
        Fail(std::move(status));
        break;
      }
      progress_.Sent(static_cast<size_t>(got));
    }
    // Who writes on is told, after the reason is there.
    reading_.Reset();
  }
  void Fail(absl::Status status) {
    const absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }

  Link* const link_;
  MemoryProgress& progress_;
  util::UniqueFd reading_;
  util::UniqueFd writing_;
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

class Outgoing {
 public:
  Outgoing(drivers::GuestImages& driver, const drivers::DomainKey& domain, Destination& destination,
           const OutgoingOptions& options, drivers::Progress* progress)
      : driver_(driver),
        domain_(domain),
        destination_(destination),
        options_(options),
        progress_(progress),
        memory_progress_(progress, options.start.spec().memory_kib() * 1024) {}

  OutgoingResult Run() {
    progress_->Report("connect", 0);
    absl::Status status = Open();
    if (status.ok()) status = WriteMemory();
    if (!status.ok()) return {Holder::kSource, Reason(status)};
    // From here on the guest stands still.
    progress_->Report("restore", 90);
    status = EndMemory();
    if (status.ok()) status = AwaitRestored();
    if (!status.ok()) return TakeBack(status);
    // What comes now cannot be taken back by us alone: the destination decides.
    progress_->Report("hand over", 95);
    if (options_.before_hand_over) status = options_.before_hand_over();
    if (status.ok()) status = driver_.KeepStill(domain_);
    if (!status.ok()) return TakeBack(status);
    status = HandOver();
    if (status.ok()) return LetGo();
    return Settle(status);
  }

 private:
  bool Cancelled() const { return progress_->Cancelled(); }

  // Cancelling makes calls fail in many ways.
  absl::Status Reason(const absl::Status& status) const {
    if (Cancelled()) return Error(v1::REASON_OPERATION_CANCELLED, "cancelled; the guest runs on here");
    return status;
  }

  absl::Status Expect(absl::string_view step, v1::MigrationAnswer::AnswerCase expected,
                      const std::function<bool()>& cancelled) {
    const absl::Time deadline = absl::Now() + options_.answer_time;
    bool late = false;
    absl::StatusOr<v1::MigrationAnswer> answer = link_->Receive([&] {
      late = absl::Now() > deadline;
      return late || (cancelled && cancelled());
    });
    if (!answer.ok() && late) return Broken(step, absl::DeadlineExceededError("the destination does not answer"));
    if (!answer.ok()) return Broken(step, answer.status());
    if (answer->answer_case() == expected) return absl::OkStatus();
    return Error(v1::REASON_TRANSFER_FAILED, absl::StrCat(step, ": the destination answers out of order"));
  }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Link>> link = destination_.Connect();
    if (!link.ok()) return Broken("connect to the destination", link.status());
    link_ = *std::move(link);
    v1::MigrationMessage message;
    *message.mutable_start() = options_.start;
    absl::Status status = link_->Send(message, [this] { return Cancelled(); });
    if (!status.ok()) return Broken("ask the destination", status);
    return Expect("ask the destination", v1::MigrationAnswer::kAccepted, [this] { return Cancelled(); });
  }

  // After an error the guest runs on.
  absl::Status WriteMemory() {
    absl::StatusOr<std::unique_ptr<Pump>> pump = Pump::Start(link_.get(), &memory_progress_);
    if (!pump.ok()) return pump.status();
    pump_ = *std::move(pump);
    absl::Status status = driver_.SendMemory(domain_, pump_->descriptor(), options_.live, &memory_progress_);
    if (status.ok()) return status;
    // Where the way was broken, the driver could not write on, and that is the reason; what breaks from here on is our
    // doing.
    const absl::Status pumped = pump_->failure();
    // The pump may wait for a destination that takes nothing.
    link_->Close();
    (void)pump_->Finish();
    return pumped.ok() || Cancelled() ? status : Broken("send the guest's memory", pumped);
  }

  absl::Status EndMemory() {
    v1::MigrationMessage message;
    message.set_memory_end(true);
    absl::Status status = pump_->Finish();
    if (status.ok()) status = link_->Send(message, [this] { return Cancelled(); });
    return status.ok() ? status : Broken("send the guest's memory", status);
  }

  absl::Status AwaitRestored() {
    return Expect("restore at the destination", v1::MigrationAnswer::kRestored, [this] { return Cancelled(); });
  }

  absl::Status HandOver() {
    v1::MigrationMessage message;
    message.set_go(true);
    if (absl::Status status = link_->Send(message, nullptr); !status.ok()) return Broken("hand the guest over", status);
    return Expect("hand the guest over", v1::MigrationAnswer::kRunning, nullptr);
  }

  OutgoingResult LetGo() {
    if (absl::Status status = driver_.EndSending(domain_, true); !status.ok()) {
      return {Holder::kUnknown, WithContext("the guest runs at the destination, and cannot be ended here", status)};
    }
    return {Holder::kDestination, absl::OkStatus()};
  }

  OutgoingResult TakeBack(const absl::Status& why) {
    link_->Close();
    if (absl::Status status = driver_.EndSending(domain_, false); !status.ok()) {
      return {Holder::kUnknown,
              WithContext(absl::StrCat("it failed (", why.message(), "), and the guest cannot run on"), status)};
    }
    return {Holder::kSource, Reason(why)};
  }

  // Only the destination knows.
  OutgoingResult Settle(const absl::Status& why) {
    link_->Close();
    absl::Duration delay = options_.first_delay;
    for (int attempt = 0; attempt < options_.settle_attempts; ++attempt) {
      progress_->Report("ask the destination", 97);
      if (attempt > 0) {
        options_.wait(delay);
        delay *= 2;
      }
      absl::StatusOr<v1::MigrationOutcome> outcome = destination_.Settle();
      if (outcome.ok()) return outcome->arrived() ? LetGo() : TakeBack(why);
      util::LogWarn("migration of ", domain_.name,
                    ": the destination does not say what became of it: ", outcome.status().message());
      // It has forgotten, or never known: asking again does not help.
      if (ReasonOf(outcome.status()) == v1::REASON_TOKEN_REFUSED) break;
    }
    return {Holder::kUnknown,
            WithContext("nobody knows whether the guest runs at the destination; it stands still here until the "
                        "destination has said so",
                        why)};
  }

  drivers::GuestImages& driver_;
  const drivers::DomainKey& domain_;
  Destination& destination_;
  const OutgoingOptions& options_;
  drivers::Progress* const progress_;
  MemoryProgress memory_progress_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<Pump> pump_;  // uses both
};

}  // namespace

OutgoingResult SendGuest(drivers::GuestImages& driver, const drivers::DomainKey& domain, Destination& destination,
                         const OutgoingOptions& options, drivers::Progress* progress) {
  return Outgoing(driver, domain, destination, options, progress).Run();
}

}  // namespace reeve::migration
