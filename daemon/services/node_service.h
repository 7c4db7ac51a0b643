// reeve.v1.NodeService.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "util/fd.h"

namespace reeve::services {

// What is asked of the host. Called by workers, several at the same time; errors carry a reason, or become INTERNAL.
struct NodeFunctions {
  std::function<absl::StatusOr<v1::Node>()> facts;
  std::function<absl::StatusOr<v1::ControlGroups>()> control_groups;
  std::function<absl::StatusOr<v1::NodeStatistics>()> statistics;
  std::function<absl::StatusOr<v1::SystemInformation>()> system_information;
  std::function<absl::StatusOr<v1::NodeMemoryParameters>()> memory_parameters;
  std::function<absl::StatusOr<v1::NodeMemoryParameters>(const v1::SetNodeMemoryParametersRequest&)>
      set_memory_parameters;
  std::function<absl::StatusOr<v1::HugePages>(const v1::AllocateHugePagesRequest&)> allocate_huge_pages;
  // The host sleeps when the descriptor is closed: the caller is answered first.
  std::function<absl::StatusOr<util::UniqueFd>(const v1::SuspendNodeRequest&)> suspend;
};

// `version.grpc` is filled in here when it is empty.
void RegisterNodeService(Dispatcher* dispatcher, const NodeFunctions& functions, v1::Version version,
                         WorkerPool* workers);

}  // namespace reeve::services
