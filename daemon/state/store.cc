#include "daemon/state/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr int64_t kJournalBatchRows = 256;
constexpr size_t kJournalBatchBytes = 1 << 20;
// Entries that one transaction of compaction removes: changes wait for it.
constexpr int64_t kCompactRows = 1000;

}  // namespace

absl::Status Store::InTransaction(const std::function<absl::Status()>& body) {
  absl::Status status = begin_.Run();
  if (status.ok()) status = body();
  if (status.ok()) {
    Step("commit");
    status = commit_.Run();
  }
  // An error may have rolled it back already (https://www.sqlite.org/lang_transaction.html).
  if (!status.ok() && writer_.InTransaction()) {
    if (const absl::Status rollback = rollback_.Run(); !rollback.ok()) {
      return absl::Status(status.code(), absl::StrCat(status.message(), "; and rollback: ", rollback.message()));
    }
  }
  return status;
}

absl::Status Store::WriteLocked(const Transaction& transaction) {
  Step("begin");
  absl::Status status = absl::OkStatus();
  if (transaction.object.has_value()) {
    const Transaction::Object& object = *transaction.object;
    if (object.blob.empty()) {
      status = drop_object_.Bind(1, object.name).Run();
    } else {
      if (!object.renamed_from.empty()) status = drop_object_.Bind(1, object.renamed_from).Run();
      if (!status.ok()) return status;
      status = put_object_.Bind(1, object.name)
                   .Bind(2, object.uid)
                   .Bind(3, transaction.revision)
                   .BindBlob(4, object.blob)
                   .Run();
    }
    if (!status.ok()) return status;
    Step("object");
  }
  if (transaction.revision != 0) {
    status = put_journal_.Bind(1, transaction.revision)
                 .Bind(2, absl::ToUnixMillis(transaction.time))
                 .BindBlob(3, transaction.events)
                 .Run();
    if (!status.ok()) return status;
    Step("journal");
  }
  if (transaction.request != nullptr) {
    const RequestRecord& request = *transaction.request;
    status = put_request_.Bind(1, request.caller)
                 .Bind(2, request.id)
                 .Bind(3, request.method)
                 .BindBlob(4, request.digest)
                 .BindBlob(5, request.response)
                 .Bind(6, absl::ToUnixMillis(transaction.time))
                 .Run();
    if (!status.ok()) return status;
    Step("request");
  }
  return absl::OkStatus();
}

absl::Status Store::Write(const Transaction& transaction) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::Status status = InTransaction([&] { return WriteLocked(transaction); });
  if (!status.ok()) return status;
  if (transaction.revision != 0) newest_.store(transaction.revision);
  Step("committed");
  return status;
}

absl::StatusOr<std::vector<StoredObject>> Store::LoadObjects() {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  absl::StatusOr<Statement> query =
      reader_.Prepare("SELECT name, uid, revision, blob FROM objects WHERE kind='domain' ORDER BY name");
  if (!query.ok()) return query.status();
  std::vector<StoredObject> objects;
  while (true) {
    absl::StatusOr<bool> row = query->Step();
    if (!row.ok()) return row.status();
    if (!*row) return objects;
    objects.push_back(
        {std::string(query->Bytes(0)), std::string(query->Bytes(1)), query->Integer(2), std::string(query->Bytes(3))});
  }
}

absl::Status Store::SetAside(const StoredObject& object, absl::string_view reason, absl::Time now) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::StatusOr<Statement> insert = writer_.Prepare(
      "INSERT INTO set_aside(kind, name, uid, revision, blob, reason, time) VALUES('domain', ?, ?, ?, ?, ?, ?)");
  if (!insert.ok()) return insert.status();
  return InTransaction([&] {
    absl::Status status = insert->Bind(1, object.name)
                              .Bind(2, object.uid)
                              .Bind(3, object.revision)
                              .BindBlob(4, object.blob)
                              .Bind(5, reason)
                              .Bind(6, absl::ToUnixMillis(now))
                              .Run();
    return status.ok() ? drop_object_.Bind(1, object.name).Run() : status;
  });
}

absl::StatusOr<int64_t> Store::CountSetAside() {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  return reader_.QueryInteger("SELECT count(*) FROM set_aside");
}

absl::StatusOr<std::vector<JournalRow>> Store::ReadJournal(int64_t first, int64_t last) {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  std::vector<JournalRow> rows;
  size_t bytes = 0;
  read_journal_.Bind(1, first).Bind(2, last).Bind(3, kJournalBatchRows);
  while (bytes < kJournalBatchBytes) {
    absl::StatusOr<bool> row = read_journal_.Step();
    if (!row.ok()) return row.status();
    if (!*row) return rows;
    rows.push_back({read_journal_.Integer(0), std::string(read_journal_.Bytes(1))});
    bytes += rows.back().events.size();
  }
  read_journal_.Reset();
  return rows;
}

absl::Status Store::CompactJournal(absl::Time before, int64_t keep) {
  while (true) {
    const std::lock_guard<std::mutex> lock(write_mutex_);
    const int64_t compacted = compacted_.load();
    const int64_t surplus = newest_.load() - std::max<int64_t>(keep, 0);
    absl::StatusOr<Statement> query =
        writer_.Prepare("SELECT revision, time FROM journal WHERE revision <= ? ORDER BY revision");
    if (!query.ok()) return query.status();
    query->Bind(1, compacted + kCompactRows);
    int64_t through = compacted;
    while (true) {
      absl::StatusOr<bool> row = query->Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      if (query->Integer(0) > surplus && query->Integer(1) >= absl::ToUnixMillis(before)) break;
      through = query->Integer(0);
    }
    query->Reset();
    if (through == compacted) return absl::OkStatus();
    absl::StatusOr<Statement> remove = writer_.Prepare("DELETE FROM journal WHERE revision <= ?");
    if (!remove.ok()) return remove.status();
    absl::StatusOr<Statement> mark = writer_.Prepare("INSERT OR REPLACE INTO meta VALUES('compacted', ?)");
    if (!mark.ok()) return mark.status();
    absl::Status status = InTransaction([&] {
      absl::Status removed = remove->Bind(1, through).Run();
      return removed.ok() ? mark->Bind(1, through).Run() : removed;
    });
    if (!status.ok()) return status;
    compacted_.store(through);
  }
}

absl::StatusOr<std::optional<RequestRecord>> Store::FindRequest(absl::string_view caller, absl::string_view id,
                                                                absl::Time not_before) {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  absl::StatusOr<bool> row = find_request_.Bind(1, caller).Bind(2, id).Bind(3, absl::ToUnixMillis(not_before)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  RequestRecord record{std::string(caller), std::string(id), std::string(find_request_.Bytes(0)),
                       std::string(find_request_.Bytes(1)), std::string(find_request_.Bytes(2))};
  find_request_.Reset();
  return record;
}

absl::Status Store::DropRequests(absl::Time before) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::StatusOr<Statement> remove = writer_.Prepare("DELETE FROM requests WHERE time < ?");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, absl::ToUnixMillis(before)).Run();
}

absl::Status Store::PutOperation(int64_t number, absl::string_view blob) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  return put_operation_.Bind(1, number).BindBlob(2, blob).Run();
}

absl::Status Store::DropOperations(const std::vector<int64_t>& numbers) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::StatusOr<Statement> remove = writer_.Prepare("DELETE FROM operations WHERE number = ?");
  if (!remove.ok()) return remove.status();
  return InTransaction([&] {
    for (const int64_t number : numbers) {
      if (absl::Status status = remove->Bind(1, number).Run(); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> Store::LoadOperations() {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  absl::StatusOr<Statement> query = reader_.Prepare("SELECT number, blob FROM operations ORDER BY number");
  if (!query.ok()) return query.status();
  std::vector<std::pair<int64_t, std::string>> operations;
  while (true) {
    absl::StatusOr<bool> row = query->Step();
    if (!row.ok()) return row.status();
    if (!*row) return operations;
    operations.emplace_back(query->Integer(0), std::string(query->Bytes(1)));
  }
}

absl::StatusOr<std::string> Store::GetMeta(absl::string_view key) {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  absl::StatusOr<Statement> query = reader_.Prepare("SELECT value FROM meta WHERE key = ?");
  if (!query.ok()) return query.status();
  absl::StatusOr<bool> row = query->Bind(1, key).Step();
  if (!row.ok()) return row.status();
  return *row ? std::string(query->Bytes(0)) : std::string();
}

absl::Status Store::PutMeta(absl::string_view key, absl::string_view value) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::StatusOr<Statement> insert = writer_.Prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, key).BindBlob(2, value).Run();
}

absl::Status Store::DropMeta(absl::string_view key) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  absl::StatusOr<Statement> remove = writer_.Prepare("DELETE FROM meta WHERE key = ?");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, key).Run();
}

absl::StatusOr<std::vector<std::string>> Store::ListMeta(absl::string_view prefix) {
  const std::lock_guard<std::mutex> lock(read_mutex_);
  absl::StatusOr<Statement> query = reader_.Prepare("SELECT key FROM meta WHERE substr(key, 1, length(?1)) = ?1");
  if (!query.ok()) return query.status();
  query->Bind(1, prefix);
  std::vector<std::string> keys;
  while (true) {
    absl::StatusOr<bool> row = query->Step();
    if (!row.ok()) return row.status();
    if (!*row) return keys;
    keys.emplace_back(query->Bytes(0));
  }
}

}  // namespace reeve::state
