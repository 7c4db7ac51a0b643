// All services of the API in one call.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/connections/table.h"
#include "daemon/services/authentication.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/enrollment.h"
#include "daemon/services/health.h"
#include "daemon/services/node_device_service.h"
#include "daemon/services/node_service.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"
#include "daemon/state/migration_manager.h"
#include "drivers/test/test_controls.h"
#include "reeve/v1/admin_service.pb.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::services {

// What the services stand on. All pointers and what functions refer to outlive the server; none is null but where it
// says so. Functions are called from several threads and answer at once.
struct Dependencies {
  state::Manager* manager = nullptr;
  state::MigrationManager* migrations = nullptr;
  connections::Table* connections = nullptr;
  Authentication* authentication = nullptr;
  Enrollment* enrollment = nullptr;
  Health* health = nullptr;
  WorkerPool* workers = nullptr;  // for what may read the store or wait for a driver's lock
  NodeFunctions node;
  NodeDeviceFunctions node_devices;
  v1::Version version;
  // pid, start_time, version, log_level, resident_kib, file_descriptors and threads; the rest is filled in here.
  std::function<v1::Daemon()> daemon;
  // Sets the level and returns the one before; an error without a reason becomes REQUEST_INVALID.
  std::function<absl::StatusOr<std::string>(absl::string_view level)> set_log_level;
  // Null when there is no test driver: then TestService is not served.
  test_driver::TestControls* test_controls = nullptr;
};

// Registers every service. Whether all went well says Dispatcher::registration.
void RegisterAll(Dispatcher* dispatcher, const Dependencies& dependencies);

}  // namespace reeve::services
