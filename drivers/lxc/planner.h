// The plan of a start, in which nothing is left open.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/lxc/id_ranges.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/system_calls.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Thread-safe. Also keeps which ids of the host are whose.
class Planner {
 public:
  // `partition` is that of guests whose specification names none, `lxcfs` where lxcfs is mounted.
  Planner(IdRanges::Options ids, std::string partition, std::string lxcfs)
      : ids_(std::move(ids)), partition_(std::move(partition)), lxcfs_(std::move(lxcfs)) {}

  // `spec` is valid. NO_ID_RANGE, START_FAILED.
  absl::StatusOr<LaunchPlan> Plan(const drivers::DomainKey& domain, const v1::DomainSpec& spec);

  // Gives it an id map of its own when it has none and is not to be in the host's user namespace.
  absl::Status CompleteIds(const drivers::DomainKey& domain, v1::DomainSpec* spec);
  // `specs` are all that the domain has; none: it is gone.
  void SettleIds(const std::string& uid, const std::vector<v1::DomainSpec>& specs);
  // A guest that is found running without a record has its ids until that ends.
  void KeepIds(const LaunchPlan& plan);

 private:
  absl::Status AddLxcfs(const v1::DomainSpec& spec, LaunchPlan* plan) const;

  IdRanges ids_;
  SystemCallFilters filters_;
  const std::string partition_;
  const std::string lxcfs_;
};

}  // namespace reeve::lxc
