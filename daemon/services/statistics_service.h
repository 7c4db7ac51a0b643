// StatisticsService: rounds of samples as a stream.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

void RegisterStatisticsService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);

}  // namespace reeve::services
