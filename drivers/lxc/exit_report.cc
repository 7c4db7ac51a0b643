#include "drivers/lxc/exit_report.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/signals.h"

namespace reeve::lxc {
namespace {

void SetTime(absl::Time time, v1::ExitStatus* status) {
  const int64_t nanoseconds = absl::ToUnixNanos(time);
  status->mutable_time()->set_seconds(nanoseconds / 1000000000);
  status->mutable_time()->set_nanos(static_cast<int32_t>(nanoseconds % 1000000000));
}

v1::ExitStatus StatusOf(const std::optional<ExitRecord>& record, absl::Time now) {
  v1::ExitStatus status;
  SetTime(record ? absl::FromUnixNanos(record->time_ns) : now, &status);
  if (!record) return status;
  if (record->kind == ExitKind::kExited) status.set_code(record->code);
  if (record->kind == ExitKind::kKilled) status.set_signal(record->signal);
  return status;
}

void Set(v1::DomainStateReason reason, v1::EventDetail detail, v1::EventCause cause, drivers::GuestExit* exit) {
  exit->reason = reason;
  exit->detail = detail;
  exit->cause = cause;
}

void SetShutdown(bool asked, drivers::GuestExit* exit) {
  Set(v1::DOMAIN_STATE_REASON_SHUTDOWN, v1::EVENT_DETAIL_STOPPED_SHUTDOWN,
      asked ? v1::EVENT_CAUSE_USER : v1::EVENT_CAUSE_GUEST, exit);
}

void SetCrashed(v1::EventCause cause, drivers::GuestExit* exit) {
  Set(v1::DOMAIN_STATE_REASON_CRASHED, v1::EVENT_DETAIL_STOPPED_CRASHED, cause, exit);
}

}  // namespace

drivers::GuestExit ReportExit(const std::optional<ExitRecord>& record, int supervisor_signal, absl::Time now) {
  drivers::GuestExit exit;
  exit.status = StatusOf(record, now);
  if (!record) {
    Set(v1::DOMAIN_STATE_REASON_SUPERVISOR_LOST, v1::EVENT_DETAIL_STOPPED_FAILED, v1::EVENT_CAUSE_EXTERNAL, &exit);
    exit.message = supervisor_signal == 0 ? "its supervisor ended without a record, and the guest with it"
                                          : absl::StrCat("its supervisor was killed by ",
                                                         DescribeSignal(supervisor_signal), ", and the guest with it");
    return exit;
  }
  switch (record->kind) {
    case ExitKind::kExited:
      exit.message = absl::StrCat("init exited with code ", record->code);
      if (record->code == 0 || record->asked) {
        SetShutdown(record->asked, &exit);
      } else {
        SetCrashed(v1::EVENT_CAUSE_CRASH, &exit);
      }
      break;
    case ExitKind::kHalted:
      exit.message = "the guest powered itself off";
      SetShutdown(record->asked, &exit);
      break;
    case ExitKind::kRestarted:
      exit.message = "the guest asked for a restart, which its definition answers by ending it";
      SetShutdown(record->asked, &exit);
      break;
    case ExitKind::kKilled:
      exit.message = absl::StrCat("init was killed by ", DescribeSignal(record->signal));
      if (record->out_of_memory) {
        Set(v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY, v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY,
            v1::EVENT_CAUSE_OUT_OF_MEMORY, &exit);
        absl::StrAppend(&exit.message, " for want of memory");
      } else if (record->asked && record->signal != SIGKILL) {
        SetShutdown(true, &exit);
      } else {
        SetCrashed(record->signal == SIGKILL ? v1::EVENT_CAUSE_EXTERNAL : v1::EVENT_CAUSE_CRASH, &exit);
      }
      break;
    case ExitKind::kLaunchFailed:
      Set(v1::DOMAIN_STATE_REASON_FAILED, v1::EVENT_DETAIL_STOPPED_FAILED, v1::EVENT_CAUSE_GUEST, &exit);
      exit.message = absl::StrCat("init could not be launched: ", record->text);
      break;
  }
  return exit;
}

drivers::GuestExit ReportDestroyed(const std::optional<ExitRecord>& record, absl::Time now) {
  drivers::GuestExit exit;
  exit.status = StatusOf(record, now);
  Set(v1::DOMAIN_STATE_REASON_DESTROYED, v1::EVENT_DETAIL_STOPPED_DESTROYED, v1::EVENT_CAUSE_USER, &exit);
  return exit;
}

drivers::GuestExit ReportVanished(absl::Time now) {
  drivers::GuestExit exit;
  exit.status = StatusOf(std::nullopt, now);
  Set(v1::DOMAIN_STATE_REASON_VANISHED, v1::EVENT_DETAIL_STOPPED_VANISHED, v1::EVENT_CAUSE_EXTERNAL, &exit);
  exit.message = "it ended while the daemon did not run, and left no record";
  return exit;
}

}  // namespace reeve::lxc
