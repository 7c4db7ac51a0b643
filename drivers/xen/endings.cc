#include "drivers/xen/endings.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "util/proto_time.h"

namespace reeve::xen {
namespace {

drivers::GuestExit Exit(v1::DomainStateReason reason, v1::EventDetail detail, v1::EventCause cause,
                        const std::string& message, absl::Time now) {
  drivers::GuestExit exit;
  exit.reason = reason;
  exit.detail = detail;
  exit.cause = cause;
  exit.message = message;
  *exit.status.mutable_time() = util::ToProto(now);
  return exit;
}

}  // namespace

Aftermath AftermathOf(StopReason reason, const v1::LifecycleActions& actions) {
  std::string action;
  switch (reason) {
    case StopReason::kReboot:
      action = actions.on_reboot().empty() ? "restart" : actions.on_reboot();
      break;
    case StopReason::kCrash:
    case StopReason::kWatchdog:
      action = actions.on_crash().empty() ? "destroy" : actions.on_crash();
      break;
    default:
      action = actions.on_poweroff().empty() ? "destroy" : actions.on_poweroff();
  }
  return {.dump_core = absl::StartsWith(action, "coredump-"),
          .restart = action == "restart" || action == "coredump-restart",
          .preserve = action == "preserve"};
}

v1::DomainState KeptStateOf(StopReason reason) {
  return reason == StopReason::kCrash || reason == StopReason::kWatchdog ? v1::DOMAIN_STATE_CRASHED
                                                                         : v1::DOMAIN_STATE_SHUTDOWN;
}

drivers::GuestExit ExitOf(StopReason reason, absl::Time now) {
  switch (reason) {
    case StopReason::kCrash:
      return Exit(v1::DOMAIN_STATE_REASON_CRASHED, v1::EVENT_DETAIL_STOPPED_CRASHED, v1::EVENT_CAUSE_CRASH,
                  "the guest crashed", now);
    case StopReason::kWatchdog:
      return Exit(v1::DOMAIN_STATE_REASON_CRASHED, v1::EVENT_DETAIL_STOPPED_CRASHED, v1::EVENT_CAUSE_CRASH,
                  "the guest's watchdog fired", now);
    case StopReason::kReboot:
      return Exit(v1::DOMAIN_STATE_REASON_SHUTDOWN, v1::EVENT_DETAIL_STOPPED_SHUTDOWN, v1::EVENT_CAUSE_GUEST,
                  "the guest restarted, and on_reboot ends it", now);
    default:
      return Exit(v1::DOMAIN_STATE_REASON_SHUTDOWN, v1::EVENT_DETAIL_STOPPED_SHUTDOWN, v1::EVENT_CAUSE_GUEST,
                  "the guest shut down", now);
  }
}

drivers::GuestExit DestroyedByAnother(absl::Time now) {
  return Exit(v1::DOMAIN_STATE_REASON_DESTROYED, v1::EVENT_DETAIL_STOPPED_DESTROYED, v1::EVENT_CAUSE_EXTERNAL,
              "another toolstack destroyed the guest", now);
}

drivers::GuestExit DestroyedByUs(absl::Time now) {
  return Exit(v1::DOMAIN_STATE_REASON_DESTROYED, v1::EVENT_DETAIL_STOPPED_DESTROYED, v1::EVENT_CAUSE_USER, "destroyed",
              now);
}

drivers::GuestExit RestartFailed(const std::string& why, absl::Time now) {
  return Exit(v1::DOMAIN_STATE_REASON_FAILED, v1::EVENT_DETAIL_STOPPED_FAILED, v1::EVENT_CAUSE_DAEMON,
              absl::StrCat("the guest could not be restarted: ", why), now);
}

}  // namespace reeve::xen
