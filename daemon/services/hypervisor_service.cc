#include "daemon/services/hypervisor_service.h"

#include <utility>

#include "daemon/services/caller.h"
#include "daemon/services/tell.h"

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
  Tell<v1::GetCapabilitiesRequest, v1::Capabilities>(
      dispatcher, workers, methods::kGetCapabilities,
      [manager](const v1::GetCapabilitiesRequest& request) { return manager->GetCapabilities(request); });
  Tell<v1::GetDomainCapabilitiesRequest, v1::Capabilities>(
      dispatcher, workers, methods::kGetDomainCapabilities,
      [manager](const v1::GetDomainCapabilitiesRequest& request) { return manager->GetDomainCapabilities(request); });
  Tell<v1::CompareCpuRequest, v1::CpuComparison>(
      dispatcher, workers, methods::kCompareCpu,
      [manager](const v1::CompareCpuRequest& request) { return manager->CompareCpu(request); });
  Tell<v1::BaselineCpuRequest, v1::CpuBaseline>(
      dispatcher, workers, methods::kBaselineCpu,
      [manager](const v1::BaselineCpuRequest& request) { return manager->BaselineCpu(request); });
}

}  // namespace reeve::services
