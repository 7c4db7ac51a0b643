// ImageService and PowerService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// Files are opened by the workers.
void RegisterImageService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);
void RegisterPowerService(Dispatcher* dispatcher, state::Manager* manager);

}  // namespace reeve::services
