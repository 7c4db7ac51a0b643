// GuestService: what is asked of a running guest from within.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

void RegisterGuestService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers);

}  // namespace reeve::services
