// reeve.v1.NodeDeviceService.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::services {

// What is asked of the host. Called by workers, several at the same time; errors carry a reason, or become INTERNAL.
struct NodeDeviceFunctions {
  // In the order in which they are told; each has one capability.
  std::function<absl::StatusOr<std::vector<v1::NodeDevice>>()> list;
  // By its resource name. NAME_INVALID, NODE_DEVICE_NOT_FOUND.
  std::function<absl::StatusOr<v1::NodeDevice>(absl::string_view name)> get;
};

// The manager has the changes made.
void RegisterNodeDeviceService(Dispatcher* dispatcher, const NodeDeviceFunctions& functions, state::Manager* manager,
                               WorkerPool* workers);

}  // namespace reeve::services
