// Removes what is left of guests that have ended and could not be removed at once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "drivers/lxc/container_parts.h"
#include "drivers/worker.h"

namespace reeve::lxc {

// A process may hang in the kernel, on a dead file server for instance, or be held by a debugger. Thread-safe. The
// worker outlives it, and does its jobs beside others.
class Cleaner {
 public:
  explicit Cleaner(drivers::Worker* worker) : worker_(*worker) {}
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;

  // Tries for a while in the background, then tells the log and waits for Settle.
  void Add(std::optional<ContainerParts> parts);
  // To be called before a domain is started: the groups of its runs have one name, and what is left of the run before
  // must not take the next one with it. Removes what is left now; START_FAILED where it cannot.
  absl::Status Settle(const std::string& uid);

 private:
  // Of one run.
  struct Remains {
    absl::Mutex mutex;  // held while it is being removed
    std::optional<ContainerParts> parts ABSL_GUARDED_BY(mutex);
  };

  void Try(const std::shared_ptr<Remains>& remains, int attempt);
  void Drop(const std::string& uid, const std::shared_ptr<Remains>& remains);

  drivers::Worker& worker_;
  absl::Mutex mutex_;
  std::multimap<std::string, std::shared_ptr<Remains>> remains_ ABSL_GUARDED_BY(mutex_);  // by uid
};

}  // namespace reeve::lxc
