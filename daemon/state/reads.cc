// What is answered from snapshots, at once.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "daemon/state/list.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "proto/secrets.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

// Into the definition with which a guest runs: the ports that were chosen for its displays at its start.
void ShowPorts(const v1::DomainStatus& status, v1::DomainSpec* spec) {
  for (int i = 0; i < status.displays_size() && i < spec->devices().graphics_size(); ++i) {
    const v1::DisplayStatus& display = status.displays(i);
    v1::Graphics& graphics = *spec->mutable_devices()->mutable_graphics(i);
    if (graphics.type() == display.type() && display.port() != 0) graphics.set_port(display.port());
  }
}

// HYPERVISOR_NOT_FOUND for one that has neither driver nor domains, or is hidden.
absl::Status CheckHypervisor(const Caller& caller, const Core& core, const Snapshot& snapshot,
                             absl::string_view hypervisor) {
  if (hypervisor == "-") return absl::OkStatus();
  if (!caller.access->Sees(HypervisorResourceName(hypervisor))) return Core::HypervisorNotFound(hypervisor);
  const auto [begin, end] = snapshot.Range(hypervisor);
  return begin < end ? absl::OkStatus() : core.DriverOf(hypervisor).status();
}

}  // namespace

absl::StatusOr<EntryPointer> Core::Find(const Caller& caller, absl::string_view name) const {
  absl::StatusOr<EntryPointer> entry = FindDomain(*registry_.snapshot(), name, *caller.access);
  if (ReasonOf(entry.status()) == v1::REASON_DOMAIN_NOT_FOUND) {
    const formats::DomainNameParts parts = formats::SplitDomainResourceName(name);
    if (!caller.access->Sees(HypervisorResourceName(parts.hypervisor))) return HypervisorNotFound(parts.hypervisor);
    if (auto driver = DriverOf(parts.hypervisor); !driver.ok()) return driver.status();
  }
  return entry;
}

absl::StatusOr<v1::Domain> ManagerImpl::GetDomain(const Caller& caller, const v1::GetDomainRequest& request) const {
  if (absl::Status status = CheckParts(request.statistics()); !status.ok()) return WithContext("get", status);
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.name());
  if (!entry.ok()) return WithContext("get", entry.status());
  absl::StatusOr<std::string> bytes =
      SerializeView(**entry, request.view(), v1::DOMAIN_VIEW_FULL, core_->MakeSampler(request.statistics()));
  if (!bytes.ok()) return bytes.status();
  v1::Domain domain;
  if (!domain.ParseFromString(*bytes)) return Error(v1::REASON_INTERNAL, "a domain of the registry cannot be parsed");
  return domain;
}

absl::StatusOr<std::string> ManagerImpl::ListDomains(const Caller& caller,
                                                     const v1::ListDomainsRequest& request) const {
  const SnapshotPointer snapshot = core_->registry_.snapshot();
  absl::StatusOr<std::string> hypervisor = ParseHypervisorName(request.parent(), /*wildcard=*/true);
  absl::Status status = hypervisor.ok() ? CheckHypervisor(caller, *core_, *snapshot, *hypervisor) : hypervisor.status();
  if (status.ok()) status = CheckParts(request.statistics());
  if (!status.ok()) return WithContext("list domains", status);
  absl::StatusOr<std::string> page = ListPage(caller, request, snapshot, core_->pages_, core_->options_.clock->Now(),
                                              core_->MakeSampler(request.statistics()));
  if (!page.ok()) return WithContext("list domains", page.status());
  return page;
}

absl::StatusOr<v1::Domain> ManagerImpl::GetDomainWithSecrets(const Caller& caller,
                                                             const v1::GetDomainRequest& request) const {
  if (request.view() != v1::DOMAIN_VIEW_UNSPECIFIED && request.view() != v1::DOMAIN_VIEW_FULL) {
    return GetDomain(caller, request);  // has no specification
  }
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.name());
  if (!entry.ok()) return WithContext("get", entry.status());
  return DomainOf(**entry);
}

absl::StatusOr<v1::Document> Core::Export(const Caller& caller, const v1::ExportDomainRequest& request,
                                          bool with_secrets) const {
  absl::StatusOr<EntryPointer> entry = Find(caller, request.name());
  if (!entry.ok()) return WithContext("export", entry.status());
  if (!options_.formats.write) return Error(v1::REASON_REQUEST_INVALID, "export: format is not one that is known");
  store::v1::DomainRecord record = RecordOf(**entry);
  if (request.inactive()) {
    // Of the domain, not of its guest: no id.
    record.mutable_domain()->mutable_status()->clear_id();
  } else {
    if (record.has_running_spec()) record.mutable_domain()->mutable_spec()->Swap(record.mutable_running_spec());
    ShowPorts(record.domain().status(), record.mutable_domain()->mutable_spec());
  }
  if (!with_secrets) ClearSecrets(record.mutable_domain());
  absl::StatusOr<std::string> text = options_.formats.write(request.format(), record.domain());
  if (!text.ok()) return WithContext(absl::StrCat("export ", record.domain().name()), text.status());
  v1::Document document;
  document.set_format(request.format());
  document.set_text(*std::move(text));
  return document;
}

absl::StatusOr<v1::Document> ManagerImpl::ExportDomain(const Caller& caller,
                                                       const v1::ExportDomainRequest& request) const {
  return core_->Export(caller, request, /*with_secrets=*/false);
}

absl::StatusOr<v1::Document> ManagerImpl::ExportDomainWithSecrets(const Caller& caller,
                                                                  const v1::ExportDomainRequest& request) const {
  return core_->Export(caller, request, /*with_secrets=*/true);
}

StateSummary ManagerImpl::Summary() const {
  const JournalRange journal = core_->store_->journal();
  return {core_->registry_.snapshot()->revision(), journal.oldest, core_->hub_.watches(), core_->set_aside_.load()};
}

absl::StatusOr<std::unique_ptr<Subscription>> ManagerImpl::Watch(const Caller& caller, const v1::WatchRequest& request,
                                                                 std::function<void()> ready) {
  absl::StatusOr<WatchFilter> filter = WatchFilter::Make(request, caller.access);
  absl::Status status = filter.ok()
                            ? CheckHypervisor(caller, *core_, *core_->registry_.snapshot(), filter->hypervisor())
                            : filter.status();
  if (!status.ok()) return WithContext("watch", status);
  absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      core_->hub_.Watch(request, *std::move(filter), std::move(ready));
  if (!subscription.ok()) return WithContext("watch", subscription.status());
  return subscription;
}

v1::ListOperationsResponse ManagerImpl::ListOperations(const Caller& caller,
                                                       const v1::ListOperationsRequest& request) const {
  return core_->operations_.List(request.running(), *caller.access);
}

absl::StatusOr<v1::Operation> ManagerImpl::GetOperation(const Caller& caller, absl::string_view name) const {
  return core_->operations_.Get(name, *caller.access);
}

absl::StatusOr<v1::Operation> ManagerImpl::CancelOperation(const Caller& caller, absl::string_view name) {
  return core_->operations_.Cancel(name, *caller.access);
}

void ManagerImpl::WaitOperation(const Caller& caller, const v1::WaitOperationRequest& request,
                                Done<v1::Operation> done) {
  core_->operations_.Wait(request, *caller.access, std::move(done));
}

absl::StatusOr<std::unique_ptr<drivers::Console>> ManagerImpl::OpenConsole(const Caller& caller,
                                                                           const v1::OpenConsole& request,
                                                                           drivers::ConsoleReader reader) {
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.domain());
  if (!entry.ok()) return WithContext("console", entry.status());
  const std::string clause = absl::StrCat("console of ", ResourceName(*(*entry)->key));
  if (!IsActive((*entry)->state)) return WithContext(clause, StateError(**entry));
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverOf((*entry)->key->hypervisor);
  if (!driver.ok()) return WithContext(clause, driver.status());
  drivers::ConsoleOptions options;
  options.console = request.console();
  options.force = request.force();
  options.read_only = request.read_only();
  options.replay = !request.no_replay();
  absl::StatusOr<std::unique_ptr<drivers::Console>> console =
      (*driver)->OpenConsole(KeyOf(**entry), options, std::move(reader));
  if (!console.ok()) return WithContext(clause, DriverError(console.status()));
  return console;
}

}  // namespace reeve::state
