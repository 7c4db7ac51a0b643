// reeve.v1.OperationService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// `manager` outlives the server.
void RegisterOperationService(Dispatcher* dispatcher, state::Manager* manager);

}  // namespace reeve::services
