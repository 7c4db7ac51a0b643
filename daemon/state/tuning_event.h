// What changes of limits have in common: how they reach the driver, and the event that tells of them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "drivers/driver.h"
#include "reeve/v1/event.pb.h"

namespace reeve::state {

inline absl::Status ApplyTuning(drivers::HypervisorDriver* driver, const drivers::DomainKey& key,
                                const v1::DomainSpec& before, const v1::DomainSpec& after) {
  return driver->Tune(key, before, after);
}

inline void SetTunable(v1::Event* event) {
  event->set_type(v1::EVENT_TYPE_TUNABLE);
  event->clear_detail();
}

inline void AddParameter(absl::string_view name, const std::string& value, v1::Event* event) {
  v1::EventParameter& parameter = *event->add_parameters();
  parameter.set_name(std::string(name));
  parameter.set_value(value);
}

}  // namespace reeve::state
