#include "util/sd_bus.h"

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::util {

absl::Status BusError::AsStatus(int result, absl::string_view what) const {
  if (error_.message == nullptr) return ErrnoStatus(-result, what);
  return absl::Status(absl::ErrnoToStatusCode(-result), absl::StrCat(what, ": ", error_.message));
}

absl::StatusOr<Bus> OpenBus(const std::string& address) {
  sd_bus* opened = nullptr;
  int result = 0;
  if (address.empty()) {
    result = sd_bus_open_system(&opened);
  } else {
    result = sd_bus_new(&opened);
    if (result >= 0) result = sd_bus_set_address(opened, address.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(opened, 1);
    if (result >= 0) result = sd_bus_start(opened);
  }
  Bus bus(opened);
  if (result < 0) return ErrnoStatus(-result, "connect to the system bus");
  return bus;
}

}  // namespace reeve::util
