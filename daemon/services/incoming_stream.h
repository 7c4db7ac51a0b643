// A stream of ReceiveDomain.
#pragma once

#include <memory>

#include "daemon/services/call.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/migration_manager.h"

namespace reeve::services {

// Feeds a migration::Incoming, on a thread of its own from when the ticket has been taken: memory is taken as fast as the
// hypervisor takes it.
std::unique_ptr<StreamHandler> MakeIncomingStream(state::MigrationManager* manager, WorkerPool* workers,
                                                  std::shared_ptr<ServerStream> stream);

}  // namespace reeve::services
