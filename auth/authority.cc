#include "auth/authority.h"

#include <utility>

namespace reeve::auth {

void PolicySource::Set(std::shared_ptr<const Policy> policy) {
  const absl::MutexLock lock(&mutex_);
  policy_ = std::move(policy);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Policy> PolicySource::Get() const {
  const absl::MutexLock lock(&mutex_);
  return policy_;
}

Authority::Authority(Identity identity, const PolicySource* source) : identity_(std::move(identity)), source_(source) {}

std::shared_ptr<const Grants> Authority::grants() const {
  const absl::MutexLock lock(&mutex_);
  // The generation first: a policy that comes between is found out at the next call.
  if (const uint64_t generation = source_->generation(); generation != generation_) {
    grants_ = std::make_shared<const Grants>(source_->Get()->GrantsFor(identity_, source_->labels()));
    generation_ = generation;
  }
  return grants_;
}

}  // namespace reeve::auth
