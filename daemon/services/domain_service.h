// reeve.v1.DomainService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// `manager` outlives the server.
void RegisterDomainService(Dispatcher* dispatcher, state::Manager* manager);

}  // namespace reeve::services
