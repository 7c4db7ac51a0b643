#include "daemon/driver_set.h"

#include <string>
#include <utility>

#include "cgroups/hierarchies.h"
#include "drivers/lxc/lxc_driver.h"
#include "drivers/test/test_driver.h"
#include "drivers/xen/xen_driver.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/systemd_scope.h"

namespace reeve {
namespace {

// Without systemd a partition of our own; with it the slice that it has for machines.
std::string PartitionOf(const Config::Lxc& config, bool systemd) {
  if (!config.cgroup_partition.empty()) return config.cgroup_partition;
  return systemd ? "/machine" : "/reeve";
}

absl::StatusOr<std::shared_ptr<drivers::HypervisorDriver>> MakeLxcDriver(const Config::Lxc& config,
                                                                         const Paths& paths) {
  const bool systemd = util::SystemdIsInit();
  lxc::LxcDriverOptions options{.run_directory = paths.lxc_run_directory(),
                                .supervisor_path = config.supervisor,
                                .cgroup_partition = PartitionOf(config, systemd),
                                .hook_directory = paths.Below("/etc/reeve/hooks"),
                                .hook_timeout = absl::Seconds(config.hook_seconds),
                                .lxcfs_directory = config.lxcfs,
                                .id_ranges = {.users_file = paths.Below("/etc/subuid"),
                                              .groups_file = paths.Below("/etc/subgid"),
                                              .user = config.subordinate_user},
                                .systemd_scopes = systemd};
  absl::StatusOr<cgroups::Hierarchies> hierarchies = cgroups::Hierarchies::Detect();
  if (hierarchies.ok()) {
    util::LogInfo("control groups: ", hierarchies->Describe());
    options.hierarchies = std::make_shared<const cgroups::Hierarchies>(*std::move(hierarchies));
  } else {
    options.unavailable = hierarchies.status();
  }
  absl::StatusOr<std::unique_ptr<lxc::LxcDriver>> driver = lxc::LxcDriver::Create(std::move(options));
  if (!driver.ok()) return driver.status();
  return std::shared_ptr<drivers::HypervisorDriver>(*std::move(driver));
}

}  // namespace

absl::StatusOr<DriverSet> MakeDrivers(const Config& config, const Paths& paths) {
  DriverSet set;
  if (config.lxc.enabled) {
    absl::StatusOr<std::shared_ptr<drivers::HypervisorDriver>> driver = MakeLxcDriver(config.lxc, paths);
    if (!driver.ok()) return driver.status();
    set.drivers.push_back(*std::move(driver));
  }
  if (config.xen.enabled) {
    set.drivers.push_back(std::make_shared<xen::XenDriver>(xen::DetectXen(paths.xen_state_directory())));
  }
  if (config.test.enabled) {
    auto driver = std::make_shared<test_driver::TestDriver>(&util::Clock::Real());
    set.test_controls = driver.get();
    set.drivers.push_back(std::move(driver));
  }
  for (const auto& driver : set.drivers) {
    const v1::Hypervisor description = driver->Describe();
    if (!description.available()) {
      util::LogWarn(description.name(), " cannot run domains here: ", description.unavailable_reason());
    }
  }
  return set;
}

}  // namespace reeve
