// reeve.v1.TestService.
#pragma once

#include "daemon/services/dispatcher.h"
#include "drivers/test/test_controls.h"

namespace reeve::services {

// `controls` outlives the server.
void RegisterTestService(Dispatcher* dispatcher, test_driver::TestControls* controls);

}  // namespace reeve::services
