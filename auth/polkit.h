// Asks polkit whether a process of this host may do something.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace reeve::auth {

// Thread-safe.
class Polkit {
 public:
  virtual ~Polkit() = default;

  // The process, told from a later one of the same pid by its start time (clock ticks since boot, proc(5)), and its
  // user, told to polkit so that it does not read it from a process that has changed it since (CVE-2013-4288).
  struct Subject {
    pid_t pid = 0;
    uint64_t start_time = 0;
    uid_t uid = 0;
  };
  // Waits for the answer, and where polkit asks a person, for that, at most `timeout`. OK, PERMISSION_DENIED,
  // UNAVAILABLE when there is no polkit, DEADLINE_EXCEEDED.
  virtual absl::Status Check(const Subject& subject, const std::string& action, absl::Duration timeout) = 0;
};

// Over the system bus, or the one that `address` names.
std::unique_ptr<Polkit> MakePolkit(std::string address = "");

// What is asked for: to read, and to change.
inline constexpr char kPolkitMonitor[] = "org.reeve.monitor";
inline constexpr char kPolkitManage[] = "org.reeve.manage";

}  // namespace reeve::auth
