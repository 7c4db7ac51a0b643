// Counters of interfaces that have no end on the host: those of the guest's own network namespace, by /proc/PID/net/dev.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "reeve/v1/domain_statistics.pb.h"

namespace reeve::lxc {

// By name in the guest. Lines that are not what the kernel writes are left out: the names are of the guest's choice.
std::map<std::string, v1::InterfaceStatistics> ParseGuestLinks(absl::string_view text);

// Of the network namespace of the process `pid`; empty when it cannot be read. Whether the process still is the one that
// was meant is for the caller to see.
std::map<std::string, v1::InterfaceStatistics> ReadGuestLinks(int64_t pid);

}  // namespace reeve::lxc
