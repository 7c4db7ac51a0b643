#include "drivers/lxc/container_table.h"

#include "proto/status.h"

namespace reeve::lxc {

ContainerTable::Found ContainerTable::FindLocked(const drivers::DomainKey& domain) const {
  const auto found = containers_.find(domain.uid);
  if (found != containers_.end()) return found->second;
  return Error(v1::REASON_DOMAIN_STATE, "the domain does not run", {{"domain", domain.name}});
}

ContainerTable::Found ContainerTable::Find(const drivers::DomainKey& domain) const {
  absl::ReaderMutexLock lock(&mutex_);
  return FindLocked(domain);
}

std::vector<ContainerTable::Found> ContainerTable::FindMany(const std::vector<drivers::DomainKey>& domains) const {
  std::vector<Found> containers;
  containers.reserve(domains.size());
  absl::ReaderMutexLock lock(&mutex_);
  for (const drivers::DomainKey& domain : domains) containers.push_back(FindLocked(domain));
  return containers;
}

std::vector<std::shared_ptr<Container>> ContainerTable::All() const {
  std::vector<std::shared_ptr<Container>> containers;
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [uid, container] : containers_) containers.push_back(container);
  return containers;
}

absl::StatusOr<FirstProcess> ContainerTable::FindFirstProcess(const std::string& name) const {
  for (const std::shared_ptr<Container>& container : All()) {
    if (container->key().name != name) continue;
    FirstProcess process{.pid = container->Describe().id, .pidfd = container->FirstProcess()};
    if (process.pidfd) return process;
  }
  return absl::NotFoundError("it does not run");
}

size_t ContainerTable::Add(const std::shared_ptr<Container>& container) {
  absl::MutexLock lock(&mutex_);
  containers_[container->key().uid] = container;
  return containers_.size();
}

size_t ContainerTable::Remove(const std::shared_ptr<Container>& container) {
  absl::MutexLock lock(&mutex_);
  const auto found = containers_.find(container->key().uid);
  if (found != containers_.end() && found->second == container) {
    specs_.erase(found->first);
    containers_.erase(found);
  }
  return containers_.size();
}

void ContainerTable::Remember(const std::string& uid, const v1::DomainSpec& spec) {
  absl::MutexLock lock(&mutex_);
  specs_[uid] = spec.SerializeAsString();
}

void ContainerTable::Forget(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  if (!containers_.contains(uid)) specs_.erase(uid);
}

v1::DomainSpec ContainerTable::SpecOf(const std::string& uid) const {
  absl::ReaderMutexLock lock(&mutex_);
  v1::DomainSpec spec;
  const auto found = specs_.find(uid);
  if (found != specs_.end()) (void)spec.ParseFromString(found->second);  // we wrote it ourselves
  return spec;
}

}  // namespace reeve::lxc
