// reeve.v1.NodeService.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"

namespace reeve::services {

// `node` and `control_groups` read the host, by a worker. `version.grpc` is filled in here when it is empty.
void RegisterNodeService(Dispatcher* dispatcher, std::function<absl::StatusOr<v1::Node>()> node,
                         std::function<absl::StatusOr<v1::ControlGroups>()> control_groups, v1::Version version,
                         WorkerPool* workers);

}  // namespace reeve::services
