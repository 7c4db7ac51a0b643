// A console that tests look into.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "drivers/driver.h"

namespace reeve::services::testing {

// An attached console. Thread-safe.
struct FakeConsoleState {
  absl::Mutex mutex;
  drivers::ConsoleReader reader ABSL_GUARDED_BY(mutex);
  std::string input ABSL_GUARDED_BY(mutex);
  int refuse_writes ABSL_GUARDED_BY(mutex) = 0;  // so many writes find no room
  std::pair<uint32_t, uint32_t> size ABSL_GUARDED_BY(mutex);
  bool ready ABSL_GUARDED_BY(mutex) = true;
  bool detached ABSL_GUARDED_BY(mutex) = false;
  bool attached ABSL_GUARDED_BY(mutex) = false;
};

class FakeConsole final : public drivers::Console {
 public:
  explicit FakeConsole(std::shared_ptr<FakeConsoleState> state) : state_(std::move(state)) {}
  ~FakeConsole() override {
    const absl::MutexLock lock(&state_->mutex);
    state_->detached = true;
    state_->reader = {};
  }
  absl::Status Write(absl::string_view bytes) override {
    const absl::MutexLock lock(&state_->mutex);
    if (state_->refuse_writes > 0) {
      --state_->refuse_writes;
      return absl::ResourceExhaustedError("full");
    }
    state_->input.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status Resize(uint32_t columns, uint32_t rows) override {
    const absl::MutexLock lock(&state_->mutex);
    state_->size = {columns, rows};
    return absl::OkStatus();
  }
  void SetReady(bool ready) override {
    const absl::MutexLock lock(&state_->mutex);
    state_->ready = ready;
  }

 private:
  const std::shared_ptr<FakeConsoleState> state_;
};

}  // namespace reeve::services::testing
