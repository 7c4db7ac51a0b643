// reeve.v1.HypervisorService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// Both outlive the server. Capabilities and processors are the workers' work: a driver looks at the host for them.
void RegisterHypervisorService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);

}  // namespace reeve::services
