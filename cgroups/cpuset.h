// The cpuset controller of a group: which CPUs and memory nodes it uses (cpuset(7), cgroup-v2.rst).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// Lists as the kernel has them: "0-3,7". Parts that the parent does not have are refused by v1 and left out by v2.
// Memory that is on other nodes moves along: on v2 always, on v1 with SetCpusetMigration.
absl::Status SetCpusetCpus(const Location& location, absl::string_view cpus);
absl::Status SetCpusetNodes(const Location& location, absl::string_view nodes);
// v2 always migrates: false is FAILED_PRECONDITION there.
absl::Status SetCpusetMigration(const Location& location, bool migrate);

// What the group may really use.
struct Cpuset {
  std::string cpus;
  std::string nodes;
};
absl::StatusOr<Cpuset> ReadCpuset(const Location& location);

// A v1 cpuset is empty when it is made and takes no process then: gives it the parent's CPUs and memory nodes. Does
// nothing when `hierarchy` has no v1 cpuset or the group has them already (cpuset(7)). Lets the parent give them to its
// next children by itself (cgroup.clone_children), which is many times quicker than to write them.
absl::Status InheritCpuset(const Hierarchies& hierarchies, int hierarchy, const std::string& path);

}  // namespace reeve::cgroups
