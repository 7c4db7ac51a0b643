// Finding again what an earlier daemon has started.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/hierarchies.h"
#include "drivers/lxc/container.h"

namespace reeve::lxc {

// One guest that was found: it runs, or it has ended and all of it is removed.
struct FoundGuest {
  drivers::DomainKey key;
  std::shared_ptr<Container> running;  // not watched yet
  bool paused = false;
  drivers::GuestExit exit;                 // when it does not run
  std::optional<ContainerParts> leftover;  // what could not be removed in time
};

// Looks through the run directories and asks every supervisor. What belongs to no supervisor is killed and removed.
// Takes some milliseconds for a hundred guests; a supervisor that does not answer within five seconds is killed.
// `home` and `partition` are for directories whose plan cannot be read.
std::vector<FoundGuest> FindGuests(const std::string& run_directory, const cgroups::Hierarchies& hierarchies,
                                   SupervisorHome home, const std::string& partition,
                                   const std::shared_ptr<EventLoop>& loop);

}  // namespace reeve::lxc
