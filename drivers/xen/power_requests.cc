#include "drivers/xen/power_requests.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

absl::Status CheckModes(const drivers::ShutdownModes& modes, const drivers::ShutdownModes& had,
                        absl::string_view verb) {
  for (const v1::ShutdownMode mode : modes) {
    if (std::find(had.begin(), had.end(), mode) == had.end()) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                   absl::StrCat("Xen has no ", verb, " by ", v1::ShutdownMode_Name(mode)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AskShutdown(const DriverContext& context, const drivers::DomainKey& domain,
                         const drivers::ShutdownModes& modes) {
  const drivers::ShutdownModes had = {v1::SHUTDOWN_MODE_PARAVIRT, v1::SHUTDOWN_MODE_ACPI_POWER_BUTTON};
  absl::Status status = CheckModes(modes, had, "shutdown");
  if (!status.ok()) return status;
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  Toolstack& toolstack = context.toolstack();
  // A PV guest has no button: what libxenlight said of the first way is what the caller can use.
  const bool button = guest->spec.os().type() == "hvm";
  for (const v1::ShutdownMode mode : modes.empty() ? had : modes) {
    if (mode == v1::SHUTDOWN_MODE_PARAVIRT) {
      status = toolstack.Shutdown(guest->domid);
    } else if (button) {
      status = toolstack.PressPowerButton(guest->domid);
    } else if (modes.size() == 1) {
      return Error(v1::REASON_GUEST_CANNOT, "the guest has no power button: only HVM guests have one");
    }
    if (status.code() != absl::StatusCode::kUnimplemented) break;
  }
  return AskedError(status);
}

absl::Status AskReboot(DriverContext& context, const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) {
  absl::Status status = CheckModes(modes, {v1::SHUTDOWN_MODE_PARAVIRT}, "reboot");
  if (!status.ok()) return status;
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  // Noted first: the guest may restart before the call returns.
  context.guests().SetRebootAsked(guest->domid, true);
  status = context.toolstack().Reboot(guest->domid);
  if (!status.ok()) context.guests().SetRebootAsked(guest->domid, false);
  return AskedError(status);
}

}  // namespace reeve::xen
