// A domain as the registry keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "auth/labels.h"
#include "reeve/store/v1/record.pb.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::state {

// Which domain. Shared by all states of it.
struct EntryKey {
  std::string hypervisor;  // "lxc"
  std::string name;        // "web1"
  std::string uid;
};

// One state of one domain: what is looked for is in fields, the rest is kept serialized, so that lists and events are
// put together from bytes and a domain costs little. Immutable, shared.
struct Entry {
  std::shared_ptr<const EntryKey> key;
  int64_t revision = 0;
  int64_t id = 0;  // libvirt's, 0 when it does not run
  uint64_t run = 0;
  v1::DomainState state = v1::DOMAIN_STATE_UNSPECIFIED;
  bool persistent = false;
  bool autostart = false;
  std::shared_ptr<const auth::Labels> labels;  // null: it has none
  std::string basic;                           // serialized Domain in view BASIC
  std::string full;          // serialized Domain in view FULL, without secrets: every reader is given this
  std::string secret_spec;   // serialized DomainSpec with its secrets where it has any, else empty
  std::string running_spec;  // serialized DomainSpec with its secrets where it is not the stored one, else empty
};
using EntryPointer = std::shared_ptr<const Entry>;

// Has a guest: running, paused or on the way down.
bool IsActive(v1::DomainState state);

// The labels of a domain as roles know them; in no order.
auth::Labels LabelsOf(const v1::Domain& domain);

// The view BASIC of a domain: of the specification only its title.
v1::Domain BasicView(const v1::Domain& domain);

// `key` of an earlier state of the same domain is shared; null: a new one is made from the record.
EntryPointer MakeEntry(const store::v1::DomainRecord& record, std::shared_ptr<const EntryKey> key = nullptr);

// The way back, with secrets.
v1::Domain DomainOf(const Entry& entry);
store::v1::DomainRecord RecordOf(const Entry& entry);
std::string ResourceName(const EntryKey& key);

// For who wants the name of this domain for another one. DOMAIN_EXISTS.
absl::Status NameTaken(const EntryKey& key);

}  // namespace reeve::state
