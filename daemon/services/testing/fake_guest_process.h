// A process in a guest that tests hold in their hands.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "drivers/guest_access.h"
#include "proto/status.h"

namespace reeve::services::testing {

// What was done to it, and what it gives. Thread-safe.
class FakeGuestProcess final : public drivers::GuestProcess {
 public:
  struct State {
    absl::Mutex mutex;
    drivers::GuestProcessReader reader ABSL_GUARDED_BY(mutex);
    std::string input ABSL_GUARDED_BY(mutex);
    bool input_ended ABSL_GUARDED_BY(mutex) = false;
    bool full ABSL_GUARDED_BY(mutex) = false;  // takes no input now
    bool ready ABSL_GUARDED_BY(mutex) = true;
    bool gone ABSL_GUARDED_BY(mutex) = false;
    std::vector<uint32_t> signals ABSL_GUARDED_BY(mutex);
    std::vector<std::pair<uint32_t, uint32_t>> sizes ABSL_GUARDED_BY(mutex);

    // Waits until `look`, called with the lock, says so.
    bool Await(const std::function<bool()>& look) {
      const absl::MutexLock lock(&mutex);
      return mutex.AwaitWithTimeout(absl::Condition(&look), absl::Seconds(10));
    }
  };

  static std::unique_ptr<drivers::GuestProcess> Attach(std::shared_ptr<State> state,
                                                       drivers::GuestProcessReader reader) {
    {
      const absl::MutexLock lock(&state->mutex);
      state->reader = std::move(reader);
    }
    return std::make_unique<FakeGuestProcess>(std::move(state));
  }
  explicit FakeGuestProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~FakeGuestProcess() override {
    const absl::MutexLock lock(&state_->mutex);
    state_->gone = true;
  }

  absl::Status Write(absl::string_view bytes) override {
    const absl::MutexLock lock(&state_->mutex);
    if (state_->full) return absl::ResourceExhaustedError("it does not read now");
    state_->input.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  void EndInput() override {
    const absl::MutexLock lock(&state_->mutex);
    state_->input_ended = true;
  }
  absl::Status Resize(uint32_t columns, uint32_t rows) override {
    const absl::MutexLock lock(&state_->mutex);
    state_->sizes.emplace_back(columns, rows);
    return absl::OkStatus();
  }
  absl::Status Signal(uint32_t number) override {
    const absl::MutexLock lock(&state_->mutex);
    state_->signals.push_back(number);
    return absl::OkStatus();
  }
  void SetReady(bool ready) override {
    const absl::MutexLock lock(&state_->mutex);
    state_->ready = ready;
  }

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace reeve::services::testing
