#include "daemon/services/node_service.h"

#include <grpcpp/version_info.h>

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "daemon/services/tell.h"

namespace reeve::services {
namespace {

// For an answer to reach the client before the host sleeps.
constexpr absl::Duration kAnswerTime = absl::Seconds(1);

// A method that asks the host something.
template <typename Request, typename Response>
void Ask(Dispatcher* dispatcher, WorkerPool* workers, UnaryMethod<Request, Response> method,
         std::function<absl::StatusOr<Response>()> function) {
  dispatcher->Later(method, [function = std::move(function), workers](
                                CallPointer, Request, std::function<void(absl::StatusOr<Response>)> done) {
    workers->Post([function, done = std::move(done)] { done(function()); });
  });
}

}  // namespace

void RegisterNodeService(Dispatcher* dispatcher, const NodeFunctions& functions, v1::Version version,
                         WorkerPool* workers) {
  if (version.api().empty()) version.set_api("v1");
  if (version.grpc().empty()) version.set_grpc(GRPC_CPP_VERSION_STRING);
  Ask(dispatcher, workers, methods::kGetNode, functions.facts);
  Ask(dispatcher, workers, methods::kGetControlGroups, functions.control_groups);
  Ask(dispatcher, workers, methods::kGetNodeStatistics, functions.statistics);
  Ask(dispatcher, workers, methods::kGetSystemInformation, functions.system_information);
  Ask(dispatcher, workers, methods::kGetNodeMemoryParameters, functions.memory_parameters);
  Tell(dispatcher, workers, methods::kSetNodeMemoryParameters, functions.set_memory_parameters);
  Tell(dispatcher, workers, methods::kAllocateHugePages, functions.allocate_huge_pages);
  const auto suspend = [suspend = functions.suspend,
                        workers](const v1::SuspendNodeRequest& request) -> absl::StatusOr<v1::SuspendNodeResponse> {
    absl::StatusOr<util::UniqueFd> awake = suspend(request);
    if (!awake.ok()) return awake.status();
    workers->PostAfter(kAnswerTime, [held = std::make_shared<util::UniqueFd>(*std::move(awake))] { held->Reset(); });
    return v1::SuspendNodeResponse();
  };
  Tell<v1::SuspendNodeRequest, v1::SuspendNodeResponse>(dispatcher, workers, methods::kSuspendNode, suspend);
  dispatcher->Read(methods::kGetVersion,
                   [version = std::move(version)](const Call&, const v1::GetVersionRequest&, v1::Version* response) {
                     *response = version;
                     return absl::OkStatus();
                   });
}

}  // namespace reeve::services
