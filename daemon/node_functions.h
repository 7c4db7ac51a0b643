// The host itself, for NodeService.
#pragma once

#include "daemon/services/node_service.h"

namespace reeve {

// Of this host: /proc, /sys and systemd-logind.
services::NodeFunctions MakeNodeFunctions();

}  // namespace reeve
