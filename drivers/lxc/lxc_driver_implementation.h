// What the driver is made of; for its own files only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drivers/lxc/container_table.h"
#include "drivers/lxc/event_loop.h"
#include "drivers/lxc/guest_hooks.h"
#include "drivers/lxc/launcher.h"
#include "drivers/lxc/life_cycle.h"
#include "drivers/lxc/lxc_driver.h"
#include "drivers/lxc/planner.h"
#include "drivers/lxc/sampler.h"

namespace reeve::lxc {

struct LxcDriver::Implementation {
  // What there is only where there are control groups.
  struct Running {
    Running(const LxcDriverOptions& options, const std::shared_ptr<EventLoop>& loop, const GuestHooks* hooks,
            ContainerTable* guests);

    Sampler sampler;
    Launcher launcher;
    LifeCycle life;  // last: it uses the others
  };

  Implementation(LxcDriverOptions given, absl::Status found, std::shared_ptr<EventLoop> events);
  ~Implementation();

  SupervisorHome home() const {
    return options.systemd_scopes ? SupervisorHome::kSystemdScope : SupervisorHome::kGroup;
  }
  // HYPERVISOR_UNAVAILABLE, when there is an obstacle.
  absl::Status RefuseUnavailable() const;

  const LxcDriverOptions options;
  const absl::Status obstacle;
  const std::shared_ptr<EventLoop> loop;
  const GuestHooks hooks;
  Planner planner;
  ContainerTable guests;
  std::optional<Running> running;
  std::vector<std::string> leftovers;  // set once, by Recover
};

}  // namespace reeve::lxc
