// The caller's own connection.
#pragma once

#include "daemon/services/authentication.h"
#include "daemon/services/dispatcher.h"

namespace reeve::services {

void RegisterSessionService(Dispatcher* dispatcher, Authentication* authentication);

}  // namespace reeve::services
