#include "daemon/services/failure_delays.h"

#include <algorithm>

namespace reeve::services {
namespace {

constexpr size_t kMostSources = 10'000;
constexpr absl::Duration kQuiet = absl::Minutes(10);

}  // namespace

absl::Duration FailureDelays::Add(absl::string_view source, absl::Duration first, absl::Duration last) {
  const absl::Duration now = clock_->Monotonic();
  const absl::MutexLock lock(&mutex_);
  auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (sources_.size() >= kMostSources) {
      sources_.erase(std::min_element(sources_.begin(), sources_.end(),
                                      [](const auto& a, const auto& b) { return a.second.time < b.second.time; }));
    }
    found = sources_.emplace(std::string(source), Source{}).first;
  }
  Source& entry = found->second;
  if (now - entry.time > kQuiet) entry.failures = 0;
  entry.time = now;
  absl::Duration delay = first;
  for (uint32_t i = 0; i < entry.failures && delay < last; ++i) delay *= 2;
  ++entry.failures;
  return std::min(delay, last);
}

void FailureDelays::Forget(absl::string_view source) {
  const absl::MutexLock lock(&mutex_);
  const auto found = sources_.find(source);
  if (found != sources_.end()) sources_.erase(found);
}

}  // namespace reeve::services
