// What an identity may do now.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "auth/grants.h"
#include "auth/identity.h"
#include "auth/policy.h"

namespace reeve::auth {

// The policy in force. It can be replaced at any time: what has been opened under the old one, such as a watch, is
// under the new one from then on. Thread-safe.
class PolicySource {
 public:
  // `labels` outlives this; null: no object has any.
  explicit PolicySource(std::shared_ptr<const Policy> policy, const LabelSource* labels = nullptr)
      : policy_(std::move(policy)), labels_(labels) {}

  void Set(std::shared_ptr<const Policy> policy);
  std::shared_ptr<const Policy> Get() const;
  // Grows with every Set.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  const LabelSource* labels() const { return labels_; }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Policy> policy_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> generation_{1};
  const LabelSource* const labels_;
};

// An identity under the policy in force. Thread-safe; the source outlives it.
class Authority {
 public:
  Authority(Identity identity, const PolicySource* source);

  const Identity& identity() const { return identity_; }
  // Found out anew when the policy has changed.
  std::shared_ptr<const Grants> grants() const;

 private:
  const Identity identity_;
  const PolicySource* const source_;
  mutable absl::Mutex mutex_;
  mutable uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::shared_ptr<const Grants> grants_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::auth
