// The manager joins the store, the registry, the journal and the drivers: all that the services ask for goes through
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/state/guest_manager.h"
#include "daemon/state/host_manager.h"
#include "daemon/state/image_manager.h"
#include "daemon/state/watch.h"
#include "drivers/driver.h"
#include "reeve/v1/console_service.pb.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/event_service.pb.h"
#include "reeve/v1/hypervisor_service.pb.h"
#include "reeve/v1/operation_service.pb.h"

namespace reeve::state {

// What the daemon knows of its state, for GetDaemon.
struct StateSummary {
  int64_t revision = 0;
  int64_t oldest_revision = 0;
  uint32_t watches = 0;
  uint32_t records_set_aside = 0;
};

// Thread-safe. Reads are answered at once from snapshots and never wait for a change; changes return at once, are done
// one after the other per domain and side by side for different domains, and are answered through `done` when they are
// stored (or have failed). Every error carries a reason. A domain that is hidden from the caller is treated, in every
// respect, as one that is not there: not found, not listed, not counted, not watched. One that he may see, but not do
// this with, gives PERMISSION_DENIED before anything of it is looked at.
class Manager : public GuestManager, public HostManager, public ImageManager {
 public:
  // Reads.
  virtual absl::StatusOr<v1::Domain> GetDomain(const Caller& caller, const v1::GetDomainRequest& request) const = 0;
  // A serialized ListDomainsResponse: it is put together from parts serialized when they changed.
  virtual absl::StatusOr<std::string> ListDomains(const Caller& caller,
                                                  const v1::ListDomainsRequest& request) const = 0;
  virtual absl::StatusOr<v1::Document> ExportDomain(const Caller& caller,
                                                    const v1::ExportDomainRequest& request) const = 0;
  // The only two that give secrets.
  virtual absl::StatusOr<v1::Domain> GetDomainWithSecrets(const Caller& caller,
                                                          const v1::GetDomainRequest& request) const = 0;
  virtual absl::StatusOr<v1::Document> ExportDomainWithSecrets(const Caller& caller,
                                                               const v1::ExportDomainRequest& request) const = 0;
  virtual v1::ListHypervisorsResponse ListHypervisors(const Caller& caller) const = 0;
  virtual absl::StatusOr<v1::Hypervisor> GetHypervisor(const Caller& caller,
                                                       const v1::GetHypervisorRequest& request) const = 0;
  virtual absl::StatusOr<v1::Capabilities> GetCapabilities(const v1::GetCapabilitiesRequest& request) const = 0;
  virtual absl::StatusOr<v1::Capabilities> GetDomainCapabilities(
      const v1::GetDomainCapabilitiesRequest& request) const = 0;
  virtual StateSummary Summary() const = 0;

  // Changes.
  virtual void CreateDomain(const Caller& caller, v1::CreateDomainRequest request, Done<v1::Domain> done) = 0;
  virtual void UpdateDomain(const Caller& caller, v1::UpdateDomainRequest request, Done<v1::Domain> done) = 0;
  virtual void DeleteDomain(const Caller& caller, v1::DeleteDomainRequest request,
                            Done<v1::DeleteDomainResponse> done) = 0;
  virtual void RenameDomain(const Caller& caller, v1::RenameDomainRequest request, Done<v1::Domain> done) = 0;
  virtual void StartDomain(const Caller& caller, v1::StartDomainRequest request, Done<v1::Domain> done) = 0;
  virtual void ShutdownDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
  virtual void RebootDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
  virtual void DestroyDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
  virtual void SuspendDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
  virtual void ResumeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
  virtual void SetDomainAutostart(const Caller& caller, v1::SetDomainAutostartRequest request,
                                  Done<v1::Domain> done) = 0;
  virtual void SetDomainLabels(const Caller& caller, v1::SetDomainLabelsRequest request, Done<v1::Domain> done) = 0;
  virtual void SaveDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Operation> done) = 0;

  // Events. `ready` as in Subscription.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Watch(const Caller& caller, const v1::WatchRequest& request,
                                                              std::function<void()> ready) = 0;

  // Operations.
  virtual v1::ListOperationsResponse ListOperations(const Caller& caller,
                                                    const v1::ListOperationsRequest& request) const = 0;
  virtual absl::StatusOr<v1::Operation> GetOperation(const Caller& caller, absl::string_view name) const = 0;
  virtual absl::StatusOr<v1::Operation> CancelOperation(const Caller& caller, absl::string_view name) = 0;
  // Calls `done` when the operation has ended or `timeout` has passed.
  virtual void WaitOperation(const Caller& caller, const v1::WaitOperationRequest& request,
                             Done<v1::Operation> done) = 0;

  // Consoles.
  virtual absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const Caller& caller,
                                                                        const v1::OpenConsole& request,
                                                                        drivers::ConsoleReader reader) = 0;
};

}  // namespace reeve::state
