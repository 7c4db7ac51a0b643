#include "daemon/state/ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/secrets.h"
#include "proto/status.h"
#include "util/proto_time.h"

namespace reeve::state {

absl::StatusOr<v1::Domain> Ledger::Commit(const Change& change, RequestRecord* request, bool empty_response) {
  store::v1::DomainRecord record = change.record;
  v1::Domain& domain = *record.mutable_domain();
  v1::WatchResponse response;
  v1::Event& event = *response.add_events();
  event = change.event;

  const std::lock_guard<std::mutex> lock(mutex_);
  const SnapshotPointer before = registry_->snapshot();
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
  *event.mutable_domain() = domain;

  std::string events = response.SerializeAsString();
  if (request != nullptr) request->response = empty_response ? std::string() : domain.SerializeAsString();
  Transaction transaction;
  transaction.time = now;
  transaction.revision = revision;
  transaction.object = Transaction::Object{domain.name(), domain.uid(), change.remove ? absl::string_view() : blob};
  transaction.events = events;
  transaction.request = request;
  if (absl::Status status = store_->Write(transaction); !status.ok()) return status;

  absl::StatusOr<std::shared_ptr<JournalRecord>> journal = JournalRecord::Parse(std::move(events));
  if (change.remove) {
    registry_->Erase(*entry->key, revision);
  } else {
    registry_->Put(entry, revision);
  }
  // Parse cannot fail on what was just serialized with one event; a watcher would find the hole in the store all the
  // same.
  if (journal.ok()) hub_->Append(*std::move(journal));
  return std::move(domain);
}

}  // namespace reeve::state
