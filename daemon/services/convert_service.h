// reeve.v1.ConvertService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"

namespace reeve::services {

// Documents are read and written by a worker: a large one takes a while.
void RegisterConvertService(Dispatcher* dispatcher, WorkerPool* workers);

}  // namespace reeve::services
