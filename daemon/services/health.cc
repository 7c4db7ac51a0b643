#include "daemon/services/health.h"

#include <utility>

#include "absl/strings/match.h"

namespace reeve::services {

using grpc::health::v1::HealthCheckResponse;

void Health::SetHypervisors(HypervisorAvailable available) {
  const absl::MutexLock lock(&mutex_);
  hypervisors_ = std::move(available);
}

void Health::AddService(std::string full_name) {
  const absl::MutexLock lock(&mutex_);
  services_.insert(std::move(full_name));
}

Health::Status Health::Get(absl::string_view service) const {
  HypervisorAvailable hypervisors;
  bool draining = false;
  bool known = service.empty();
  {
    const absl::ReaderMutexLock lock(&mutex_);
    draining = draining_;
    if (!known) known = services_.find(std::string(service)) != services_.end();
    if (!known) hypervisors = hypervisors_;
  }
  bool serving = true;
  if (!known) {
    if (!hypervisors || !absl::StartsWith(service, "hypervisors/")) return HealthCheckResponse::SERVICE_UNKNOWN;
    const std::optional<bool> available = hypervisors(service);
    if (!available) return HealthCheckResponse::SERVICE_UNKNOWN;
    serving = *available;
  }
  return serving && !draining ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void Health::SetDraining() {
  {
    const absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  Changed();
}

void Health::Changed() {
  const absl::MutexLock lock(&watchers_mutex_);
  for (const auto& [id, changed] : watchers_) changed();
}

uint64_t Health::AddWatcher(std::function<void()> changed) {
  const absl::MutexLock lock(&watchers_mutex_);
  watchers_.emplace(++last_watcher_, std::move(changed));
  return last_watcher_;
}

void Health::RemoveWatcher(uint64_t id) {
  const absl::MutexLock lock(&watchers_mutex_);
  watchers_.erase(id);
}

}  // namespace reeve::services
