#include "drivers/xen/libxl_facts.h"

#include <cstdint>
#include <cstdio>
#include <string>

namespace reeve::xen {
namespace {

std::string UuidText(const libxl_uuid& uuid) {
  char text[37];
  const uint8_t* const b = uuid.uuid;
  snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return text;
}

}  // namespace

StopReason StopReasonOf(int reason) {
  switch (reason) {
    case LIBXL_SHUTDOWN_REASON_POWEROFF:
      return StopReason::kPowerOff;
    case LIBXL_SHUTDOWN_REASON_REBOOT:
      return StopReason::kReboot;
    case LIBXL_SHUTDOWN_REASON_SUSPEND:
      return StopReason::kSuspend;
    case LIBXL_SHUTDOWN_REASON_CRASH:
      return StopReason::kCrash;
    case LIBXL_SHUTDOWN_REASON_WATCHDOG:
      return StopReason::kWatchdog;
    case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
      return StopReason::kSoftReset;
    default:
      return StopReason::kUnknown;
  }
}

GuestFacts FactsOf(const libxl_dominfo& info) {
  return {.domid = info.domid,
          .uuid = UuidText(info.uuid),
          .running = info.running,
          .blocked = info.blocked,
          .paused = info.paused,
          .stopped = info.shutdown,
          .dying = info.dying,
          .stop_reason = info.shutdown ? StopReasonOf(info.shutdown_reason) : StopReason::kUnknown,
          .memory_kib = info.current_memkb,
          .maximum_memory_kib = info.max_memkb,
          .cpu_time_ns = info.cpu_time,
          .vcpus_online = info.vcpu_online};
}

}  // namespace reeve::xen
