// What a driver says of itself and of its host.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "daemon/state/manager_impl.h"
#include "daemon/state/names.h"

namespace reeve::state {
namespace {

constexpr char kListDomains[] = "domain.list";

// With the domains that the caller may list.
v1::Hypervisor Describe(const Caller& caller, const HypervisorSlot& slot, const Snapshot& snapshot) {
  v1::Hypervisor hypervisor = slot.driver->Describe();
  const auto [begin, end] = snapshot.Range(slot.name);
  const bool all = caller.access->HasEverywhere(kListDomains);
  uint32_t domains = 0;
  uint32_t running = 0;
  for (size_t i = begin; i < end; ++i) {
    const Entry& entry = *snapshot.entries()[i];
    if (!all && !caller.access->Has(kListDomains, ResourceName(*entry.key))) continue;
    ++domains;
    running += IsActive(entry.state) ? 1 : 0;
  }
  hypervisor.set_domains(domains);
  hypervisor.set_running_domains(running);
  return hypervisor;
}

// `what` begins the message of an error.
absl::StatusOr<v1::Capabilities> Answer(absl::string_view what, absl::string_view hypervisor,
                                        absl::StatusOr<std::string> xml) {
  if (!xml.ok()) return WithContext(absl::StrCat(what, " of ", hypervisor), DriverError(xml.status()));
  v1::Capabilities capabilities;
  capabilities.set_xml(*std::move(xml));
  return capabilities;
}

}  // namespace

v1::ListHypervisorsResponse ManagerImpl::ListHypervisors(const Caller& caller) const {
  const SnapshotPointer snapshot = core_->registry_.snapshot();
  v1::ListHypervisorsResponse response;
  for (const HypervisorSlot& slot : core_->slots_) {
    if (!caller.access->Shows(HypervisorResourceName(slot.name))) continue;
    *response.add_hypervisors() = Describe(caller, slot, *snapshot);
  }
  return response;
}

absl::StatusOr<v1::Hypervisor> ManagerImpl::GetHypervisor(const Caller& caller,
                                                          const v1::GetHypervisorRequest& request) const {
  absl::StatusOr<std::string> name = ParseHypervisorName(request.name(), /*wildcard=*/false);
  if (!name.ok()) return name.status();
  const HypervisorSlot* slot = core_->FindSlot(*name);
  if (slot == nullptr) return Core::HypervisorNotFound(*name);
  return Describe(caller, *slot, *core_->registry_.snapshot());
}

absl::StatusOr<v1::Capabilities> ManagerImpl::GetCapabilities(const v1::GetCapabilitiesRequest& request) const {
  const absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverNamed(request.name());
  if (!driver.ok()) return driver.status();
  return Answer("capabilities", request.name(), (*driver)->Capabilities());
}

absl::StatusOr<v1::Capabilities> ManagerImpl::GetDomainCapabilities(
    const v1::GetDomainCapabilitiesRequest& request) const {
  const absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverNamed(request.name());
  if (!driver.ok()) return driver.status();
  return Answer("domain capabilities", request.name(), (*driver)->DomainCapabilities(request));
}

}  // namespace reeve::state
