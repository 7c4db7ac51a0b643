#include "daemon/services/domain_service.h"

#include <utility>

#include "daemon/services/caller.h"

namespace reeve::services {
namespace {

using state::Done;
using state::Manager;

// A change that the manager answers when it is stored.
template <typename Request, typename Response>
void Change(Dispatcher* dispatcher, Manager* manager, UnaryMethod<Request, Response> method,
            void (Manager::*change)(const state::Caller&, Request, Done<Response>)) {
  dispatcher->Later(method, [manager, change](CallPointer call, Request request, Done<Response> done) {
    (manager->*change)(CallerOf(*call), std::move(request), std::move(done));
  });
}

// A read that is answered from a snapshot.
template <typename Request, typename Response>
void Lookup(Dispatcher* dispatcher, Manager* manager, UnaryMethod<Request, Response> method,
            absl::StatusOr<Response> (Manager::*lookup)(const state::Caller&, const Request&) const) {
  dispatcher->Read(method, [manager, lookup](const Call& call, const Request& request, Response* response) {
    absl::StatusOr<Response> result = (manager->*lookup)(CallerOf(call), request);
    if (result.ok()) *response = *std::move(result);
    return result.status();
  });
}

}  // namespace

void RegisterDomainService(Dispatcher* dispatcher, Manager* manager) {
  dispatcher->ReadSerialized(methods::kListDomains, [manager](const Call& call, const v1::ListDomainsRequest& request) {
    return manager->ListDomains(CallerOf(call), request);
  });
  Lookup(dispatcher, manager, methods::kGetDomain, &Manager::GetDomain);
  Lookup(dispatcher, manager, methods::kExportDomain, &Manager::ExportDomain);
  Lookup(dispatcher, manager, methods::kGetDomainWithSecrets, &Manager::GetDomainWithSecrets);
  Lookup(dispatcher, manager, methods::kExportDomainWithSecrets, &Manager::ExportDomainWithSecrets);
  Change(dispatcher, manager, methods::kCreateDomain, &Manager::CreateDomain);
  Change(dispatcher, manager, methods::kUpdateDomain, &Manager::UpdateDomain);
  Change(dispatcher, manager, methods::kDeleteDomain, &Manager::DeleteDomain);
  Change(dispatcher, manager, methods::kStartDomain, &Manager::StartDomain);
  Change(dispatcher, manager, methods::kShutdownDomain, &Manager::ShutdownDomain);
  Change(dispatcher, manager, methods::kRebootDomain, &Manager::RebootDomain);
  Change(dispatcher, manager, methods::kDestroyDomain, &Manager::DestroyDomain);
  Change(dispatcher, manager, methods::kSuspendDomain, &Manager::SuspendDomain);
  Change(dispatcher, manager, methods::kResumeDomain, &Manager::ResumeDomain);
  Change(dispatcher, manager, methods::kSetDomainAutostart, &Manager::SetDomainAutostart);
  Change(dispatcher, manager, methods::kSaveDomain, &Manager::SaveDomain);
}

}  // namespace reeve::services
