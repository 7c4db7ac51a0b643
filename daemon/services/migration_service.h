// MigrationService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/migration_manager.h"

namespace reeve::services {

void RegisterMigrationService(Dispatcher* dispatcher, state::MigrationManager* manager, WorkerPool* workers);

}  // namespace reeve::services
