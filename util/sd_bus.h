// sd-bus(3) with owners.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;

struct FreeBusMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using BusMessage = std::unique_ptr<sd_bus_message, FreeBusMessage>;

// An sd_bus_error that frees itself.
class BusError {
 public:
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error_); }
  sd_bus_error* get() { return &error_; }
  // `result` is what the call returned, below 0; "what: " and the peer's words, where it has said some.
  absl::Status AsStatus(int result, absl::string_view what) const;

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

// A connection of its own to the system bus, or to the one that `address` names.
absl::StatusOr<Bus> OpenBus(const std::string& address = "");

}  // namespace reeve::util
