// Sleep for a while: for NodeService.SuspendNode.
#pragma once

#include "absl/status/statusor.h"
#include "drivers/node/sleep_manager.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"
#include "util/fd.h"

namespace reeve::node {

// Checks everything, sets the alarm of the machine's clock (rtc0) and puts the host to sleep as soon as the descriptor
// is closed. REQUEST_INVALID; NODE_CANNOT where the clock cannot wake it or has an alarm of somebody else's, and where
// the manager refuses: then the alarm is taken back. Thread-safe.
absl::StatusOr<util::UniqueFd> SuspendNode(const Sources& sources, SleepManager* manager,
                                           const v1::SuspendNodeRequest& request);

}  // namespace reeve::node
