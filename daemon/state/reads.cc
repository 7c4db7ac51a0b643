// What is answered from snapshots, at once.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "daemon/state/list.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

v1::Hypervisor Describe(const HypervisorSlot& slot, const Snapshot& snapshot) {
  v1::Hypervisor hypervisor = slot.driver->Describe();
  const auto [begin, end] = snapshot.Range(slot.name);
  uint32_t running = 0;
  for (size_t i = begin; i < end; ++i) running += IsActive(snapshot.entries()[i]->state) ? 1 : 0;
  hypervisor.set_domains(static_cast<uint32_t>(end - begin));
  hypervisor.set_running_domains(running);
  return hypervisor;
}

// HYPERVISOR_NOT_FOUND for one that has neither driver nor domains.
absl::Status CheckHypervisor(const Core& core, const Snapshot& snapshot, absl::string_view hypervisor) {
  if (hypervisor == "-") return absl::OkStatus();
  const auto [begin, end] = snapshot.Range(hypervisor);
  return begin < end ? absl::OkStatus() : core.DriverOf(hypervisor).status();
}

}  // namespace

absl::StatusOr<EntryPointer> Core::Find(absl::string_view name) const {
  absl::StatusOr<EntryPointer> entry = FindDomain(*registry_.snapshot(), name);
  if (ReasonOf(entry.status()) == v1::REASON_DOMAIN_NOT_FOUND) {
    const formats::DomainNameParts parts = formats::SplitDomainResourceName(name);
    if (auto driver = DriverOf(parts.hypervisor); !driver.ok()) return driver.status();
  }
  return entry;
}

absl::StatusOr<v1::Domain> ManagerImpl::GetDomain(const v1::GetDomainRequest& request) const {
  if (absl::Status status = CheckParts(request.statistics()); !status.ok()) return WithContext("get", status);
  absl::StatusOr<EntryPointer> entry = core_->Find(request.name());
  if (!entry.ok()) return WithContext("get", entry.status());
  absl::StatusOr<std::string> bytes =
      SerializeView(**entry, request.view(), v1::DOMAIN_VIEW_FULL, core_->MakeSampler(request.statistics()));
  if (!bytes.ok()) return bytes.status();
  v1::Domain domain;
  if (!domain.ParseFromString(*bytes)) return Error(v1::REASON_INTERNAL, "a domain of the registry cannot be parsed");
  return domain;
}

absl::StatusOr<std::string> ManagerImpl::ListDomains(const v1::ListDomainsRequest& request) const {
  const SnapshotPointer snapshot = core_->registry_.snapshot();
  absl::StatusOr<std::string> hypervisor = ParseHypervisorName(request.parent(), /*wildcard=*/true);
  absl::Status status = hypervisor.ok() ? CheckHypervisor(*core_, *snapshot, *hypervisor) : hypervisor.status();
  if (status.ok()) status = CheckParts(request.statistics());
  if (!status.ok()) return WithContext("list domains", status);
  absl::StatusOr<std::string> page = ListPage(request, snapshot, core_->pages_, core_->options_.clock->Now(),
                                              core_->MakeSampler(request.statistics()));
  if (!page.ok()) return WithContext("list domains", page.status());
  return page;
}

absl::StatusOr<v1::Document> ManagerImpl::ExportDomain(const v1::ExportDomainRequest& request) const {
  absl::StatusOr<EntryPointer> entry = core_->Find(request.name());
  if (!entry.ok()) return WithContext("export", entry.status());
  if (request.format() != v1::Document::FORMAT_LIBVIRT_XML || !core_->options_.formats.write) {
    absl::Status status = Error(v1::REASON_REQUEST_INVALID, "export: format is not one that is known");
    AddFieldViolation(&status, "format", "must be FORMAT_LIBVIRT_XML");
    return status;
  }
  store::v1::DomainRecord record = RecordOf(**entry);
  if (request.inactive()) {
    // Of the domain, not of its guest: no id.
    record.mutable_domain()->mutable_status()->clear_id();
  } else if (record.has_running_spec()) {
    record.mutable_domain()->mutable_spec()->Swap(record.mutable_running_spec());
  }
  absl::StatusOr<std::string> text = core_->options_.formats.write(record.domain());
  if (!text.ok()) return WithContext(absl::StrCat("export ", record.domain().name()), text.status());
  v1::Document document;
  document.set_format(request.format());
  document.set_text(*std::move(text));
  return document;
}

v1::ListHypervisorsResponse ManagerImpl::ListHypervisors() const {
  const SnapshotPointer snapshot = core_->registry_.snapshot();
  v1::ListHypervisorsResponse response;
  for (const HypervisorSlot& slot : core_->slots_) *response.add_hypervisors() = Describe(slot, *snapshot);
  return response;
}

absl::StatusOr<v1::Hypervisor> ManagerImpl::GetHypervisor(const v1::GetHypervisorRequest& request) const {
  absl::StatusOr<std::string> name = ParseHypervisorName(request.name(), /*wildcard=*/false);
  if (!name.ok()) return name.status();
  const HypervisorSlot* slot = core_->FindSlot(*name);
  if (slot == nullptr) return core_->DriverOf(*name).status();
  return Describe(*slot, *core_->registry_.snapshot());
}

absl::StatusOr<v1::Capabilities> ManagerImpl::GetCapabilities(const v1::GetCapabilitiesRequest& request) const {
  absl::StatusOr<std::string> name = ParseHypervisorName(request.name(), /*wildcard=*/false);
  if (!name.ok()) return name.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverOf(*name);
  if (!driver.ok()) return driver.status();
  absl::StatusOr<std::string> xml = (*driver)->Capabilities();
  if (!xml.ok()) return WithContext(absl::StrCat("capabilities of ", request.name()), DriverError(xml.status()));
  v1::Capabilities capabilities;
  capabilities.set_xml(*std::move(xml));
  return capabilities;
}

StateSummary ManagerImpl::Summary() const {
  const JournalRange journal = core_->store_->journal();
  return {core_->registry_.snapshot()->revision(), journal.oldest, core_->hub_.watches(), core_->set_aside_.load()};
}

absl::StatusOr<std::unique_ptr<Subscription>> ManagerImpl::Watch(const v1::WatchRequest& request,
                                                                 std::function<void()> ready) {
  absl::StatusOr<WatchFilter> filter = WatchFilter::Make(request);
  absl::Status status =
      filter.ok() ? CheckHypervisor(*core_, *core_->registry_.snapshot(), filter->hypervisor()) : filter.status();
  if (!status.ok()) return WithContext("watch", status);
  absl::StatusOr<std::unique_ptr<Subscription>> subscription = core_->hub_.Watch(request, std::move(ready));
  if (!subscription.ok()) return WithContext("watch", subscription.status());
  return subscription;
}

v1::ListOperationsResponse ManagerImpl::ListOperations(const v1::ListOperationsRequest& request) const {
  return core_->operations_.List(request.running());
}

absl::StatusOr<v1::Operation> ManagerImpl::GetOperation(absl::string_view name) const {
  return core_->operations_.Get(name);
}

absl::StatusOr<v1::Operation> ManagerImpl::CancelOperation(absl::string_view name) {
  return core_->operations_.Cancel(name);
}

void ManagerImpl::WaitOperation(const v1::WaitOperationRequest& request, Done<v1::Operation> done) {
  core_->operations_.Wait(request, std::move(done));
}

absl::StatusOr<std::unique_ptr<drivers::Console>> ManagerImpl::OpenConsole(const v1::OpenConsole& request,
                                                                           drivers::ConsoleReader reader) {
  absl::StatusOr<EntryPointer> entry = core_->Find(request.domain());
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
