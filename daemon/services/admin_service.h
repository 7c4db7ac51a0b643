// reeve.v1.AdminService.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/connections/table.h"
#include "daemon/services/dispatcher.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// As in Dependencies (register.h).
void RegisterAdminService(Dispatcher* dispatcher, state::Manager* manager, connections::Table* table,
                          std::function<v1::Daemon()> daemon,
                          std::function<absl::StatusOr<std::string>(absl::string_view)> set_log_level);

}  // namespace reeve::services
