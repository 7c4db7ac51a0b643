#include "daemon/services/hypervisor_service.h"

#include <utility>

#include "daemon/services/caller.h"

namespace reeve::services {

void RegisterHypervisorService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Read(methods::kListHypervisors, [manager](const Call& call, const v1::ListHypervisorsRequest&,
                                                        v1::ListHypervisorsResponse* response) {
    *response = manager->ListHypervisors(CallerOf(call));
    return absl::OkStatus();
  });
  dispatcher->Read(methods::kGetHypervisor,
                   [manager](const Call& call, const v1::GetHypervisorRequest& request, v1::Hypervisor* response) {
                     absl::StatusOr<v1::Hypervisor> hypervisor = manager->GetHypervisor(CallerOf(call), request);
                     if (hypervisor.ok()) *response = *std::move(hypervisor);
                     return hypervisor.status();
                   });
  dispatcher->Later(methods::kGetCapabilities, [manager, workers](CallPointer, v1::GetCapabilitiesRequest request,
                                                                  state::Done<v1::Capabilities> done) {
    workers->Post(
        [manager, request = std::move(request), done = std::move(done)] { done(manager->GetCapabilities(request)); });
  });
  dispatcher->Later(
      methods::kGetDomainCapabilities,
      [manager, workers](CallPointer, v1::GetDomainCapabilitiesRequest request, state::Done<v1::Capabilities> done) {
        workers->Post([manager, request = std::move(request), done = std::move(done)] {
          done(manager->GetDomainCapabilities(request));
        });
      });
  dispatcher->Later(methods::kCompareCpu, [manager, workers](CallPointer, v1::CompareCpuRequest request,
                                                             state::Done<v1::CpuComparison> done) {
    workers->Post(
        [manager, request = std::move(request), done = std::move(done)] { done(manager->CompareCpu(request)); });
  });
  dispatcher->Later(methods::kBaselineCpu,
                    [manager, workers](CallPointer, v1::BaselineCpuRequest request, state::Done<v1::CpuBaseline> done) {
                      workers->Post([manager, request = std::move(request), done = std::move(done)] {
                        done(manager->BaselineCpu(request));
                      });
                    });
}

}  // namespace reeve::services
