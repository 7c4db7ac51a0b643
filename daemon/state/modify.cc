// Changes of what a domain is, in its definition, in the running guest, or in both.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "util/log.h"

namespace reeve::state {
namespace {

struct Scope {
  bool live = false;
  bool config = false;
};

// As libvirt's VIR_DOMAIN_AFFECT_*: neither means the guest if it runs, else the definition.
absl::StatusOr<Scope> ScopeOf(const Entry& entry, bool live, bool config) {
  const bool active = IsActive(entry.state);
  if (!live && !config) return Scope{active, !active};
  if (live && !active) return StateError(entry);
  if (config && !entry.persistent) {
    return Error(v1::REASON_DOMAIN_TRANSIENT, "the domain is transient: it has no definition to change",
                 {{"name", ResourceName(*entry.key)}});
  }
  return Scope{live, config};
}

}  // namespace

absl::StatusOr<v1::Domain> Core::ModifyJob(ChangeContext& context, const Target& target,
                                           const Modification& modification) {
  absl::StatusOr<EntryPointer> entry = Expect(target, modification.etag);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<Scope> scope = ScopeOf(**entry, modification.live, modification.config);
  if (!scope.ok()) return scope.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();

  store::v1::DomainRecord record = RecordOf(**entry);
  const drivers::DomainKey key = KeyOf(**entry);
  const v1::DomainSpec stored = record.domain().spec();
  const v1::DomainSpec running = record.has_running_spec() ? record.running_spec() : stored;
  const auto changed = [&](const v1::DomainSpec& from) -> absl::StatusOr<v1::DomainSpec> {
    v1::DomainSpec spec = from;
    absl::Status status = modification.edit(&spec);
    // One whose last device is gone is as one that never had any.
    if (spec.has_devices() && spec.devices().ByteSizeLong() == 0) spec.clear_devices();
    if (status.ok() && options_.formats.check) status = options_.formats.check(spec);
    if (status.ok()) status = (*driver)->Validate(spec);
    if (!status.ok()) return status;
    return spec;
  };
  v1::DomainSpec live = running;
  v1::DomainSpec config = stored;
  if (scope->live) {
    absl::StatusOr<v1::DomainSpec> spec = changed(running);
    if (!spec.ok()) return spec.status();
    live = *std::move(spec);
  }
  if (scope->config) {
    absl::StatusOr<v1::DomainSpec> spec = changed(stored);
    if (!spec.ok()) return spec.status();
    config = *std::move(spec);
  }

  const bool apply = scope->live && modification.apply != nullptr;
  if (apply) {
    if (absl::Status status = modification.apply(*driver, key, running, live); !status.ok()) return DriverError(status);
  }
  v1::Domain& domain = *record.mutable_domain();
  if (apply && modification.interfaces) {
    if (const auto interfaces = (*driver)->Interfaces(key); interfaces.has_value()) {
      domain.mutable_status()->mutable_interfaces()->Assign(interfaces->begin(), interfaces->end());
    }
  }
  record.clear_running_spec();
  if (IsActive((*entry)->state)) {
    *domain.mutable_spec() = (*entry)->persistent ? config : live;
    const bool same = domain.spec().SerializeAsString() == live.SerializeAsString();
    domain.mutable_status()->set_updated(!same);
    if (!same) *record.mutable_running_spec() = live;
  } else {
    *domain.mutable_spec() = config;
  }
  Change change{.record = std::move(record),
                .event = context.NewEvent(v1::EVENT_TYPE_DEFINED, v1::EVENT_DETAIL_DEFINED_UPDATED, (*entry)->state)};
  if ((scope->live || modification.always) && modification.describe) modification.describe(&change.event);
  absl::StatusOr<v1::Domain> result = Commit(context, change);
  if (result.ok() || !apply) return result;
  // The guest must not have what the store does not know.
  absl::Status undone = modification.apply(*driver, key, live, running);
  if (undone.ok()) return WithContext("the guest was changed back", result.status());
  util::LogError(target.resource_name(), ": a change that cannot be stored cannot be taken back: ", undone.message());
  return CommitOrKeep(context, target, change, "the guest was changed");
}

}  // namespace reeve::state
