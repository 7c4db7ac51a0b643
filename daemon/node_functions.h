// The host itself, for NodeService and NodeDeviceService.
#pragma once

#include "daemon/services/node_device_service.h"
#include "daemon/services/node_service.h"

namespace reeve {

// Of this host: /proc, /sys and systemd-logind.
services::NodeFunctions MakeNodeFunctions();
services::NodeDeviceFunctions MakeNodeDeviceFunctions();

}  // namespace reeve
