// FileService: files of guests.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

void RegisterFileService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);

}  // namespace reeve::services
