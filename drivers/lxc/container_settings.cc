// What is changed of a container while it runs.
#include <utility>

#include "cgroups/devices.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/host_ends.h"
#include "drivers/lxc/limits.h"
#include "proto/status.h"

namespace reeve::lxc {

absl::Status Container::ReadTuning(v1::DomainTuning* tuning) const {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = ReadLimits(*parts_.group, tuning);
  return status.ok() ? status : WithReason(v1::REASON_DRIVER_FAILED, status);
}

absl::Status Container::Tune(const v1::DomainSpec& before, const v1::DomainSpec& after) {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = ChangeLimits(before, after, *parts_.group);
  return status.ok() ? status : WithReason(v1::REASON_DRIVER_FAILED, status);
}

LaunchPlan Container::plan() const {
  absl::MutexLock lock(&mutex_);
  return parts_.plan;
}

absl::Status Container::ReplacePlan(const LaunchPlan& plan) {
  std::vector<v1::InterfaceStatus> interfaces = DescribeInterfaces(plan.interfaces);
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (absl::Status status = parts_.directory->WritePlan(plan); !status.ok()) return WithReason(v1::REASON_DRIVER_FAILED, status);
  parts_.plan.nodes = plan.nodes;
  parts_.plan.filesystems = plan.filesystems;
  parts_.plan.interfaces = plan.interfaces;
  guest_.interfaces = std::move(interfaces);
  return absl::OkStatus();
}

absl::Status Container::SetDevices(const cgroups::DeviceRules& rules) {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = cgroups::SetDeviceRules(*parts_.group, rules);
  return status.ok() ? status : WithReason(v1::REASON_DRIVER_FAILED, status);
}

}  // namespace reeve::lxc
