#include "daemon/state/entry.h"

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "proto/secrets.h"
#include "proto/status.h"

namespace reeve::state {

bool IsActive(v1::DomainState state) {
  switch (state) {
    case v1::DOMAIN_STATE_RUNNING:
    case v1::DOMAIN_STATE_BLOCKED:
    case v1::DOMAIN_STATE_PAUSED:
    case v1::DOMAIN_STATE_SHUTDOWN:
    case v1::DOMAIN_STATE_CRASHED:
    case v1::DOMAIN_STATE_PMSUSPENDED:
      return true;
    default:
      return false;
  }
}

auth::Labels LabelsOf(const v1::Domain& domain) {
  auth::Labels labels;
  labels.reserve(domain.labels().size());
  for (const auto& [key, value] : domain.labels()) labels.push_back(absl::StrCat(key, "=", value));
  return labels;
}

v1::Domain BasicView(const v1::Domain& domain) {
  v1::Domain basic;
  basic.set_name(domain.name());
  basic.set_uid(domain.uid());
  if (!domain.spec().title().empty()) basic.mutable_spec()->set_title(domain.spec().title());
  *basic.mutable_status() = domain.status();
  basic.set_autostart(domain.autostart());
  basic.set_etag(domain.etag());
  basic.set_revision(domain.revision());
  if (domain.has_create_time()) *basic.mutable_create_time() = domain.create_time();
  *basic.mutable_labels() = domain.labels();
  return basic;
}

EntryPointer MakeEntry(const store::v1::DomainRecord& record, std::shared_ptr<const EntryKey> key) {
  const v1::Domain& domain = record.domain();
  auto entry = std::make_shared<Entry>();
  if (key == nullptr) {
    const formats::DomainNameParts parts = formats::SplitDomainResourceName(domain.name());
    key = std::make_shared<const EntryKey>(
        EntryKey{std::string(parts.hypervisor), std::string(parts.name), domain.uid()});
  }
  entry->key = std::move(key);
  entry->revision = domain.revision();
  entry->id = domain.status().id();
  entry->run = domain.status().run();
  entry->state = domain.status().state();
  entry->persistent = domain.status().persistent();
  entry->autostart = domain.autostart();
  if (!domain.labels().empty()) entry->labels = std::make_shared<const auth::Labels>(LabelsOf(domain));
  entry->basic = BasicView(domain).SerializeAsString();
  if (HasSecrets(domain)) {
    entry->secret_spec = domain.spec().SerializeAsString();
    v1::Domain open = domain;
    ClearSecrets(&open);
    entry->full = open.SerializeAsString();
  } else {
    entry->full = domain.SerializeAsString();
  }
  if (record.has_running_spec()) entry->running_spec = record.running_spec().SerializeAsString();
  return entry;
}

v1::Domain DomainOf(const Entry& entry) {
  v1::Domain domain;
  (void)domain.ParseFromString(entry.full);  // serialized by MakeEntry
  if (!entry.secret_spec.empty()) (void)domain.mutable_spec()->ParseFromString(entry.secret_spec);
  return domain;
}

store::v1::DomainRecord RecordOf(const Entry& entry) {
  store::v1::DomainRecord record;
  *record.mutable_domain() = DomainOf(entry);
  if (!entry.running_spec.empty()) (void)record.mutable_running_spec()->ParseFromString(entry.running_spec);
  return record;
}

std::string ResourceName(const EntryKey& key) {
  return formats::DomainResourceName(key.hypervisor, key.name);
}

absl::Status NameTaken(const EntryKey& key) {
  return Error(v1::REASON_DOMAIN_EXISTS, absl::StrCat("there is a domain of this name already, with UUID ", key.uid),
               {{"name", ResourceName(key)}, {"uid", key.uid}});
}

}  // namespace reeve::state
