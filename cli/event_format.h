// Events as lines.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "reeve/v1/event.pb.h"

namespace reeve::cli {

// The kind of event in virsh's sense: "lifecycle", "reboot", "change" (of a property), "present" (state in a snapshot).
std::string EventKind(const v1::Event& event);

// The event types of a kind; empty for an unknown kind.
std::vector<v1::EventType> TypesOfKind(absl::string_view kind);

// virsh's line, without line end: "event 'lifecycle' for domain 'web1': Stopped Crashed (init was killed by signal 9)".
// Names and messages are escaped.
std::string EventLine(const v1::Event& event);

}  // namespace reeve::cli
