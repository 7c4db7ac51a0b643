// Makes guessing slow.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "util/clock.h"

namespace reeve::services {

// How long the answer to a failed attempt is held back: longer with every failure from the same source, whatever
// connection it comes by, until that has been quiet for ten minutes. Remembers 10000 sources; beyond that the one that
// has been quiet longest is forgotten. Thread-safe.
class FailureDelays {
 public:
  explicit FailureDelays(const util::Clock* clock) : clock_(clock) {}

  // Counts a failure. `first` is doubled with each, up to `last`.
  absl::Duration Add(absl::string_view source, absl::Duration first, absl::Duration last);
  // The source has succeeded.
  void Forget(absl::string_view source);

 private:
  struct Source {
    uint32_t failures = 0;
    absl::Duration time;  // of the last one
  };
  const util::Clock* const clock_;
  absl::Mutex mutex_;
  std::map<std::string, Source, std::less<>> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services
