// Health of the daemon, its services and its hypervisors, as grpc.health.v1 shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.pb.h"

namespace reeve::services {

// The daemon ("") and every service serve until the daemon drains; a hypervisor ("hypervisors/lxc") serves if it can
// run here. Thread-safe.
class Health {
 public:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;
  // Whether a hypervisor is available; nothing when there is none of that name. Must not block.
  using HypervisorAvailable = std::function<std::optional<bool>(absl::string_view name)>;

  // Both before the server starts.
  void SetHypervisors(HypervisorAvailable available);
  void AddService(std::string full_name);

  // SERVICE_UNKNOWN when there is no such service.
  Status Get(absl::string_view service) const;
  // From now on nothing serves. Tells the watchers.
  void SetDraining();
  // Tells the watchers that something may have changed: call it when a hypervisor comes or goes.
  void Changed();

  // `changed` is called after every change until it is removed; it must not block. RemoveWatcher returns when it does
  // not run any more; don't call it from `changed`.
  uint64_t AddWatcher(std::function<void()> changed);
  void RemoveWatcher(uint64_t id);

 private:
  mutable absl::Mutex mutex_;
  HypervisorAvailable hypervisors_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> services_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex watchers_mutex_;
  uint64_t last_watcher_ ABSL_GUARDED_BY(watchers_mutex_) = 0;
  std::map<uint64_t, std::function<void()>> watchers_ ABSL_GUARDED_BY(watchers_mutex_);
};

}  // namespace reeve::services
