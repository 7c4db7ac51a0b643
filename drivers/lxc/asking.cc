#include "drivers/lxc/asking.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "drivers/lxc/guest_calls.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

// Runlevels of a System V init.
constexpr char kHaltRunlevel = '0';
constexpr char kRebootRunlevel = '6';

absl::StatusOr<drivers::ShutdownModes> WaysToAsk(const drivers::ShutdownModes& modes) {
  if (modes.empty()) return drivers::ShutdownModes{v1::SHUTDOWN_MODE_INITCTL, v1::SHUTDOWN_MODE_SIGNAL};
  for (const v1::ShutdownMode mode : modes) {
    if (mode != v1::SHUTDOWN_MODE_INITCTL && mode != v1::SHUTDOWN_MODE_SIGNAL) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                   absl::StrCat("LXC asks guests by initctl or signal, not by ", v1::ShutdownMode_Name(mode)));
    }
  }
  return modes;
}

}  // namespace

absl::Status AskGuest(const std::shared_ptr<EventLoop>& loop, Container* container, const drivers::ShutdownModes& modes,
                      bool reboot) {
  absl::StatusOr<drivers::ShutdownModes> ways = WaysToAsk(modes);
  if (!ways.ok()) return ways.status();
  absl::Status status;
  for (const v1::ShutdownMode way : *ways) {
    if (way == v1::SHUTDOWN_MODE_SIGNAL) {
      status = reboot ? container->Reboot() : container->Shutdown();
    } else {
      status = AskInitctl(loop, container, reboot ? kRebootRunlevel : kHaltRunlevel);
      // A restart must be known as one that was asked for. An end may be quicker than we: then there is nobody to tell.
      if (status.ok() && reboot) status = container->ExpectReboot();
      if (status.ok() && !reboot) (void)container->ExpectEnd();
    }
    if (ReasonOf(status) != v1::REASON_GUEST_CANNOT) return status;
  }
  return status;
}

}  // namespace reeve::lxc
