// What containers use, of one or of many in one sweep.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"
#include "drivers/driver.h"
#include "drivers/lxc/host_ends.h"
#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain_statistics.pb.h"

namespace reeve::lxc {

// What is the same for all containers of a sweep: the host's interfaces, asked for at once, and the names of its block
// devices, as they are met. Not thread-safe.
class Sweep {
 public:
  // `parts` are those that are wanted; interfaces are looked at only for INTERFACE. `hierarchies` are what groups are read by.
  Sweep(const cgroups::Hierarchies& hierarchies, drivers::StatisticsParts parts);

  // Fills in the parts, of the group at `path`. `devices` are those of the container, `pid` its first process. What the
  // host cannot tell is left out.
  absl::StatusOr<v1::DomainStatistics> Read(const std::string& path, const DevicePlan& devices, int64_t pid);

 private:
  absl::Status ReadCpu(const cgroups::Location& group, v1::DomainStatistics* statistics) const;
  absl::Status ReadMemory(const cgroups::Location& group, v1::DomainStatistics* statistics) const;
  absl::Status ReadTasks(const cgroups::Location& group, v1::DomainStatistics* statistics) const;
  absl::Status ReadBlocks(const cgroups::Location& group, const DevicePlan& devices,
                          v1::DomainStatistics* statistics);
  absl::Status ReadPressure(const cgroups::Location& group, v1::DomainStatistics* statistics) const;
  void ReadInterfaces(const DevicePlan& devices, int64_t pid, v1::DomainStatistics* statistics);
  const std::string& BlockName(uint32_t major, uint32_t minor);

  bool Wants(v1::StatisticsPart part) const { return parts_.test(static_cast<size_t>(part)); }

  cgroups::Location group_;
  const drivers::StatisticsParts parts_;
  HostEnds ends_;
  std::map<std::pair<uint32_t, uint32_t>, std::string> block_names_;
};

}  // namespace reeve::lxc
