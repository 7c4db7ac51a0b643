// reeve.v1.ConsoleService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// Both outlive the server.
void RegisterConsoleService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);

}  // namespace reeve::services
