#include "daemon/services/domain_service.h"

#include "daemon/services/forward.h"

namespace reeve::services {

using state::GuestManager;
using state::Manager;

void RegisterDomainService(Dispatcher* dispatcher, Manager* manager) {
  dispatcher->ReadSerialized(methods::kListDomains, [manager](const Call& call, const v1::ListDomainsRequest& request) {
    return manager->ListDomains(CallerOf(call), request);
  });
  ForwardRead(dispatcher, manager, methods::kGetDomain, &Manager::GetDomain);
  ForwardRead(dispatcher, manager, methods::kExportDomain, &Manager::ExportDomain);
  ForwardRead(dispatcher, manager, methods::kGetDomainWithSecrets, &Manager::GetDomainWithSecrets);
  ForwardRead(dispatcher, manager, methods::kExportDomainWithSecrets, &Manager::ExportDomainWithSecrets);
  ForwardChange(dispatcher, manager, methods::kCreateDomain, &Manager::CreateDomain);
  ForwardChange(dispatcher, manager, methods::kUpdateDomain, &Manager::UpdateDomain);
  ForwardChange(dispatcher, manager, methods::kDeleteDomain, &Manager::DeleteDomain);
  ForwardChange(dispatcher, manager, methods::kRenameDomain, &Manager::RenameDomain);
  ForwardChange(dispatcher, manager, methods::kStartDomain, &Manager::StartDomain);
  ForwardChange(dispatcher, manager, methods::kShutdownDomain, &Manager::ShutdownDomain);
  ForwardChange(dispatcher, manager, methods::kRebootDomain, &Manager::RebootDomain);
  ForwardChange(dispatcher, manager, methods::kDestroyDomain, &Manager::DestroyDomain);
  ForwardChange(dispatcher, manager, methods::kSuspendDomain, &Manager::SuspendDomain);
  ForwardChange(dispatcher, manager, methods::kResumeDomain, &Manager::ResumeDomain);
  ForwardChange(dispatcher, manager, methods::kSetDomainAutostart, &Manager::SetDomainAutostart);
  ForwardChange(dispatcher, manager, methods::kSetDomainLabels, &Manager::SetDomainLabels);
  ForwardRead(dispatcher, manager, methods::kGetDomainMetadata, &GuestManager::GetDomainMetadata);
  ForwardChange(dispatcher, manager, methods::kSetDomainMetadata, &GuestManager::SetDomainMetadata);
  ForwardChange(dispatcher, manager, methods::kSaveDomain, &Manager::SaveDomain);
}

}  // namespace reeve::services
