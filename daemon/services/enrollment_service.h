// Tokens for new clients.
#pragma once

#include "daemon/services/dispatcher.h"
#include "daemon/services/enrollment.h"

namespace reeve::services {

void RegisterEnrollmentService(Dispatcher* dispatcher, Enrollment* enrollment);

}  // namespace reeve::services
