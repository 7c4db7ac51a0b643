// Statistics of many guests at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"
#include "cgroups/kept_files.h"
#include "drivers/driver.h"
#include "drivers/lxc/container_table.h"

namespace reeve::lxc {

// Thread-safe. Keeps the files of groups open between readings.
class Sampler {
 public:
  explicit Sampler(const cgroups::Hierarchies& hierarchies);

  using Samples = std::vector<absl::StatusOr<v1::DomainStatistics>>;
  // That of containers[i] at i. Many are shared among some threads.
  Samples Sample(const std::vector<ContainerTable::Found>& containers, drivers::StatisticsParts parts) const;

  // So many guests run: what they do not need of our descriptors may be used for their files.
  void MakeRoom(size_t guests);
  // The guest of this group has ended.
  void Forget(const std::string& group_path) { files_->Forget(group_path); }

 private:
  const std::shared_ptr<cgroups::KeptFiles> files_;
  const cgroups::Hierarchies hierarchies_;  // read through files_
};

}  // namespace reeve::lxc
