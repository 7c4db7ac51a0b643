// reeve.v1.SessionService.
#pragma once

#include "daemon/services/dispatcher.h"

namespace reeve::services {

void RegisterSessionService(Dispatcher* dispatcher);

}  // namespace reeve::services
