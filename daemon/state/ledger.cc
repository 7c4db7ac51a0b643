#include "daemon/state/ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "proto/secrets.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

// What comes before the event of a domain that has another name now. It does not tell that name: who sees one of the
// two may not see the other.
v1::Event GoneUnderTheOldName(const v1::Event& event, const v1::Domain& domain, const std::string& old_name) {
  v1::Event gone = event;
  gone.set_type(v1::EVENT_TYPE_UNDEFINED);
  gone.set_detail(v1::EVENT_DETAIL_UNDEFINED_RENAMED);
  *gone.mutable_domain() = domain;
  gone.mutable_domain()->set_name(old_name);
  return gone;
}

}  // namespace

absl::StatusOr<v1::Domain> Ledger::Commit(const Change& change, RequestRecord* request, bool empty_response) {
  store::v1::DomainRecord record = change.record;
  v1::Domain& domain = *record.mutable_domain();
  v1::WatchResponse response;
  v1::Event event = change.event;

  const std::lock_guard<std::mutex> lock(mutex_);
  const SnapshotPointer before = registry_->snapshot();
  const formats::DomainNameParts name = formats::SplitDomainResourceName(domain.name());
  if (const EntryPointer present = before->Find(name.hypervisor, name.name);
      present != nullptr && present->key->uid != domain.uid()) {
    return NameTaken(*present->key);
  }
  const int64_t revision = before->revision() + 1;
  const absl::Time now = clock_->Now();
  if (!event.has_time()) *event.mutable_time() = util::ToProto(now);
  domain.set_revision(revision);
  domain.set_etag(absl::StrCat(revision, "-", instance_));
  domain.clear_statistics();
  response.set_revision(revision);
  const std::string blob = record.SerializeAsString();
  const EntryPointer entry = MakeEntry(record);
  // From here on nobody is given secrets: neither watchers nor whoever asked for the change.
  ClearSecrets(&domain);
  if (!change.renamed_from.empty()) *response.add_events() = GoneUnderTheOldName(event, domain, change.renamed_from);
  *event.mutable_domain() = domain;
  response.add_events()->Swap(&event);

  std::string events = response.SerializeAsString();
  if (request != nullptr) request->response = empty_response ? std::string() : domain.SerializeAsString();
  Transaction transaction;
  transaction.time = now;
  transaction.revision = revision;
  transaction.object =
      Transaction::Object{domain.name(), domain.uid(), change.remove ? absl::string_view() : blob, change.renamed_from};
  transaction.events = events;
  transaction.request = request;
  if (absl::Status status = store_->Write(transaction); !status.ok()) return status;

  absl::StatusOr<std::shared_ptr<JournalRecord>> journal = JournalRecord::Parse(std::move(events));
  if (change.remove) {
    registry_->Erase(*entry->key, revision);
  } else {
    registry_->Put(entry, revision);
  }
  // Parse cannot fail on what was just serialized with so few events; a watcher would find the hole in the store all
  // the same.
  if (journal.ok()) hub_->Append(*std::move(journal));
  return std::move(domain);
}

}  // namespace reeve::state
