// A connection as the API shows it.
#pragma once

#include "daemon/connections/connection.h"
#include "reeve/v1/session_service.pb.h"

namespace reeve::services {

v1::Session ToSession(const connections::Connection& connection);

}  // namespace reeve::services
