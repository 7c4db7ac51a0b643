// What is changed of a container while it runs.
#include <utility>

#include "cgroups/devices.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/host_ends.h"
#include "drivers/lxc/limits.h"
#include "proto/status.h"

namespace reeve::lxc {

absl::Status Container::ReadTuning(v1::DomainTuning* tuning) const {
  return InGroup([tuning](const cgroups::Location& group) { return ReadLimits(group, tuning); });
}

absl::Status Container::Tune(const v1::DomainSpec& before, const v1::DomainSpec& after) {
  return InGroup([&](const cgroups::Location& group) { return ChangeLimits(before, after, group); });
}

LaunchPlan Container::plan() const {
  absl::MutexLock lock(&mutex_);
  return parts_.plan;
}

absl::Status Container::ReplacePlan(const LaunchPlan& plan) {
  std::vector<v1::InterfaceStatus> interfaces = DescribeInterfaces(plan.interfaces);
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (absl::Status status = parts_.directory->WritePlan(plan); !status.ok())
    return WithReason(v1::REASON_DRIVER_FAILED, status);
  parts_.plan.nodes = plan.nodes;
  parts_.plan.filesystems = plan.filesystems;
  parts_.plan.interfaces = plan.interfaces;
  guest_.interfaces = std::move(interfaces);
  return absl::OkStatus();
}

absl::Status Container::SetDevices(const cgroups::DeviceRules& rules) {
  return InGroup([&](const cgroups::Location& group) { return cgroups::SetDeviceRules(group, rules); });
}

}  // namespace reeve::lxc
