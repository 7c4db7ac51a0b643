#include "drivers/lxc/cleaner.h"

#include <utility>

#include "proto/status.h"
#include "util/log.h"

namespace reeve::lxc {
namespace {

// Each try waits for seconds itself.
constexpr int kAttempts = 10;

}  // namespace

void Cleaner::Add(std::optional<ContainerParts> parts) {
  if (!parts) return;
  auto remains = std::make_shared<Remains>();
  const std::string uid = parts->plan.uid;
  {
    absl::MutexLock lock(&remains->mutex);
    remains->parts = *std::move(parts);
  }
  {
    absl::MutexLock lock(&mutex_);
    remains_.emplace(uid, remains);
  }
  Try(remains, 1);
}

void Cleaner::Try(const std::shared_ptr<Remains>& remains, int attempt) {
  worker_.Add([this, remains, attempt] {
    const drivers::Worker::Waits waits(&worker_);
    absl::ReleasableMutexLock lock(&remains->mutex);
    if (!remains->parts) return;
    const std::string uid = remains->parts->plan.uid;
    const std::string name = remains->parts->key.name;
    const absl::Status status = RemoveParts(&*remains->parts);
    if (status.ok()) remains->parts.reset();
    lock.Release();
    if (status.ok()) {
      Drop(uid, remains);
    } else if (attempt < kAttempts) {
      Try(remains, attempt + 1);
    } else {
      util::LogError("hypervisors/lxc/domains/", name,
                     ": what is left of it cannot be removed, which is tried again when ",
                     "it is started: ", status.message());
    }
  });
}

absl::Status Cleaner::Settle(const std::string& uid) {
  std::vector<std::shared_ptr<Remains>> found;
  {
    absl::MutexLock lock(&mutex_);
    const auto [begin, end] = remains_.equal_range(uid);
    for (auto it = begin; it != end; ++it) found.push_back(it->second);
  }
  for (const std::shared_ptr<Remains>& remains : found) {
    {
      absl::MutexLock lock(&remains->mutex);
      if (remains->parts) {
        if (absl::Status status = RemoveParts(&*remains->parts); !status.ok()) {
          return WithReason(v1::REASON_START_FAILED, WithContext("remove what is left of the run before", status));
        }
        remains->parts.reset();
      }
    }
    Drop(uid, remains);
  }
  return absl::OkStatus();
}

void Cleaner::Drop(const std::string& uid, const std::shared_ptr<Remains>& remains) {
  absl::MutexLock lock(&mutex_);
  const auto [begin, end] = remains_.equal_range(uid);
  for (auto it = begin; it != end; ++it) {
    if (it->second != remains) continue;
    remains_.erase(it);
    return;
  }
}

}  // namespace reeve::lxc
