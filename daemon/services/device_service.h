// DeviceService and TuningService: changes that the manager answers when they are stored.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/state/manager.h"

namespace reeve::services {

void RegisterDeviceService(Dispatcher* dispatcher, state::Manager* manager);
void RegisterTuningService(Dispatcher* dispatcher, state::Manager* manager);

}  // namespace reeve::services
