// What a driver tells of a guest that runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::drivers {

// A guest that runs.
struct RunningGuest {
  int64_t id = 0;              // DomainStatus.id
  int64_t supervisor_pid = 0;  // DomainStatus.supervisor_pid, 0 if there is none
  absl::Time start_time;
  bool paused = false;
  bool asleep = false;  // by its own power management
  // SHUTDOWN or CRASHED: it has stopped and is kept until it is destroyed.
  v1::DomainState kept = v1::DOMAIN_STATE_UNSPECIFIED;
  std::vector<v1::InterfaceStatus> interfaces = {};  // DomainStatus.interfaces
  std::vector<std::string> warnings = {};            // DomainStatus.warnings
  std::vector<v1::DisplayStatus> displays = {};      // DomainStatus.displays
};

}  // namespace reeve::drivers
