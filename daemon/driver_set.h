// The hypervisor drivers of this daemon.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config.h"
#include "daemon/paths.h"
#include "drivers/driver.h"
#include "drivers/test/test_controls.h"

namespace reeve {

struct DriverSet {
  std::vector<std::shared_ptr<drivers::HypervisorDriver>> drivers;
  test_driver::TestControls* test_controls = nullptr;  // of one of the drivers; null without the test driver
};

// Makes those that the configuration enables. One that cannot run guests on this host is among them and says why.
absl::StatusOr<DriverSet> MakeDrivers(const Config& config, const Paths& paths);

}  // namespace reeve
