// grpc.health.v1.Health.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/health.h"

namespace reeve::services {

// `health` outlives the server.
void RegisterHealthService(Dispatcher* dispatcher, Health* health);

}  // namespace reeve::services
