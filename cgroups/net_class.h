// The net_cls controller of a group: a mark on all it sends, for tc(8) and nftables (cgroup-v1/net_cls.rst). v2 has
// none: nftables matches the group itself there ("socket cgroupv2").
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// The handle of a traffic class, 0xAAAABBBB for AAAA:BBBB; 0: none. Sockets that are open get it too.
absl::Status SetNetClass(const Location& location, uint32_t id);
absl::StatusOr<uint32_t> ReadNetClass(const Location& location);

}  // namespace reeve::cgroups
