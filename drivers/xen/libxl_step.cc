#include "drivers/xen/libxl_step.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/xen/libxl_library.h"

namespace reeve::xen {

// The codes are those of libxl_types.idl, libxl_error.
absl::string_view ErrorName(int code) {
  switch (code) {
    case ERROR_NONSPECIFIC:
      return "ERROR_NONSPECIFIC";
    case ERROR_VERSION:
      return "ERROR_VERSION";
    case ERROR_FAIL:
      return "ERROR_FAIL";
    case ERROR_NI:
      return "ERROR_NI";
    case ERROR_NOMEM:
      return "ERROR_NOMEM";
    case ERROR_INVAL:
      return "ERROR_INVAL";
    case ERROR_BADFAIL:
      return "ERROR_BADFAIL";
    case ERROR_GUEST_TIMEDOUT:
      return "ERROR_GUEST_TIMEDOUT";
    case ERROR_TIMEDOUT:
      return "ERROR_TIMEDOUT";
    case ERROR_NOPARAVIRT:
      return "ERROR_NOPARAVIRT";
    case ERROR_NOT_READY:
      return "ERROR_NOT_READY";
    case ERROR_OSEVENT_REG_FAIL:
      return "ERROR_OSEVENT_REG_FAIL";
    case ERROR_BUFFERFULL:
      return "ERROR_BUFFERFULL";
    case ERROR_UNKNOWN_CHILD:
      return "ERROR_UNKNOWN_CHILD";
    case ERROR_LOCK_FAIL:
      return "ERROR_LOCK_FAIL";
    case ERROR_JSON_CONFIG_EMPTY:
      return "ERROR_JSON_CONFIG_EMPTY";
    case ERROR_DEVICE_EXISTS:
      return "ERROR_DEVICE_EXISTS";
    case ERROR_CHECKPOINT_DEVOPS_DOES_NOT_MATCH:
      return "ERROR_CHECKPOINT_DEVOPS_DOES_NOT_MATCH";
    case ERROR_CHECKPOINT_DEVICE_NOT_SUPPORTED:
      return "ERROR_CHECKPOINT_DEVICE_NOT_SUPPORTED";
    case ERROR_VNUMA_CONFIG_INVALID:
      return "ERROR_VNUMA_CONFIG_INVALID";
    case ERROR_DOMAIN_NOTFOUND:
      return "ERROR_DOMAIN_NOTFOUND";
    case ERROR_ABORTED:
      return "ERROR_ABORTED";
    case ERROR_NOTFOUND:
      return "ERROR_NOTFOUND";
    case ERROR_DOMAIN_DESTROYED:
      return "ERROR_DOMAIN_DESTROYED";
    case ERROR_FEATURE_REMOVED:
      return "ERROR_FEATURE_REMOVED";
    case ERROR_PROTOCOL_ERROR_QMP:
      return "ERROR_PROTOCOL_ERROR_QMP";
    case ERROR_UNKNOWN_QMP_ERROR:
      return "ERROR_UNKNOWN_QMP_ERROR";
    case ERROR_QMP_GENERIC_ERROR:
      return "ERROR_QMP_GENERIC_ERROR";
    case ERROR_QMP_COMMAND_NOT_FOUND:
      return "ERROR_QMP_COMMAND_NOT_FOUND";
    case ERROR_QMP_DEVICE_NOT_ACTIVE:
      return "ERROR_QMP_DEVICE_NOT_ACTIVE";
    case ERROR_QMP_DEVICE_NOT_FOUND:
      return "ERROR_QMP_DEVICE_NOT_FOUND";
    case ERROR_QEMU_API:
      return "ERROR_QEMU_API";
    default:
      return "an error";
  }
}

absl::Status LibxlStep::Result(int code) const {
  if (code == 0) return absl::OkStatus();
  const std::string said = log_.Since(mark_, domid_);
  const std::string message =
      absl::StrCat(call_, ": ", said.empty() ? "" : absl::StrCat(said, " "), "(", ErrorName(code), ", ", code, ")");
  if (code == ERROR_DOMAIN_NOTFOUND || code == ERROR_DOMAIN_DESTROYED) return absl::NotFoundError(message);
  if (code == ERROR_NOPARAVIRT) return absl::UnimplementedError(message);
  if (code == ERROR_ABORTED) return absl::CancelledError(message);
  if (code == ERROR_NOMEM) return absl::ResourceExhaustedError(message);
  if (code == ERROR_TIMEDOUT || code == ERROR_GUEST_TIMEDOUT) return absl::DeadlineExceededError(message);
  return absl::InternalError(message);
}

}  // namespace reeve::xen
