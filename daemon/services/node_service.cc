#include "daemon/services/node_service.h"

#include <grpcpp/version_info.h>

#include <utility>

namespace reeve::services {

void RegisterNodeService(Dispatcher* dispatcher, std::function<absl::StatusOr<v1::Node>()> node,
                         std::function<absl::StatusOr<v1::ControlGroups>()> control_groups, v1::Version version,
                         WorkerPool* workers) {
  if (version.api().empty()) version.set_api("v1");
  if (version.grpc().empty()) version.set_grpc(GRPC_CPP_VERSION_STRING);
  dispatcher->Later(methods::kGetNode,
                    [node = std::move(node), workers](CallPointer, v1::GetNodeRequest,
                                                      std::function<void(absl::StatusOr<v1::Node>)> done) {
                      workers->Post([node, done = std::move(done)] { done(node()); });
                    });
  dispatcher->Later(methods::kGetControlGroups, [control_groups = std::move(control_groups), workers](
                                                    CallPointer, v1::GetControlGroupsRequest,
                                                    std::function<void(absl::StatusOr<v1::ControlGroups>)> done) {
    workers->Post([control_groups, done = std::move(done)] { done(control_groups()); });
  });
  dispatcher->Read(methods::kGetVersion,
                   [version = std::move(version)](const Call&, const v1::GetVersionRequest&, v1::Version* response) {
                     *response = version;
                     return absl::OkStatus();
                   });
}

}  // namespace reeve::services
