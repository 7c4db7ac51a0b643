// The guests that run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/shared_namespaces.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Thread-safe. Has also the specifications of guests that run or are being started, for the hooks at their end.
class ContainerTable {
 public:
  using Found = absl::StatusOr<std::shared_ptr<Container>>;

  // DOMAIN_STATE when it does not run.
  Found Find(const drivers::DomainKey& domain) const;
  // That of domains[i] at i.
  std::vector<Found> FindMany(const std::vector<drivers::DomainKey>& domains) const;
  std::vector<std::shared_ptr<Container>> All() const;
  // NOT_FOUND when no guest of this name runs.
  absl::StatusOr<FirstProcess> FindFirstProcess(const std::string& name) const;

  // How many there are then.
  size_t Add(const std::shared_ptr<Container>& container);
  // With its specification; nothing when another run has taken its place. How many there are then.
  size_t Remove(const std::shared_ptr<Container>& container);

  void Remember(const std::string& uid, const v1::DomainSpec& spec);
  // Unless the guest runs.
  void Forget(const std::string& uid);
  v1::DomainSpec SpecOf(const std::string& uid) const;

 private:
  Found FindLocked(const drivers::DomainKey& domain) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Container>> containers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> specs_ ABSL_GUARDED_BY(mutex_);  // serialized, by uid
};

}  // namespace reeve::lxc
