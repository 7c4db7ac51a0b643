// What must not be lost, in one SQLite database.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/state/sqlite.h"

namespace reeve::state {

// The answer of a call that had a request_id.
struct RequestRecord {
  std::string caller;
  std::string id;
  std::string method;
  std::string digest;    // of the request
  std::string response;  // serialized
};

// One transaction: all of it is stored or nothing. Views must live until Write returns.
struct Transaction {
  absl::Time time;
  int64_t revision = 0;  // 0: no object changes, only `request` is stored
  struct Object {
    std::string name;
    std::string uid;
    absl::string_view blob;         // empty: the object is removed
    std::string renamed_from = {};  // the name it had, if that was another
  };
  std::optional<Object> object;
  absl::string_view events;  // serialized WatchResponse in FULL view
  const RequestRecord* request = nullptr;
};

struct JournalRow {
  int64_t revision = 0;
  std::string events;
};

struct StoredObject {
  std::string name;
  std::string uid;
  int64_t revision = 0;
  std::string blob;
};

struct StoreOptions {
  std::string directory;
  absl::Time now;
  // For tests. Called at "begin", "object", "journal", "request", "commit" and "committed" of each Write.
  std::function<void(absl::string_view step)> step_hook;
  int64_t max_pages = 0;
};

// What is kept of the journal: revisions from oldest to newest, without gaps; newest + 1 == oldest when it is empty.
struct JournalRange {
  int64_t oldest = 1;
  int64_t newest = 0;
};

// Thread-safe. One connection writes, another reads, and neither waits for the other (WAL). Every error is STORE_FAILED
// and means that nothing was changed.
class Store {
 public:
  // Opens directory/reeve.db and makes what is missing. A damaged file is moved aside as reeve.db.corrupt-TIME, what
  // objects can be read in it are taken over, and revisions go on at the present time in milliseconds, so that no
  // revision is given twice. Each such thing adds a line to `notes`.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options, std::vector<std::string>* notes);

  absl::Status Write(const Transaction& transaction);

  absl::StatusOr<std::vector<StoredObject>> LoadObjects();
  // Moves an object to the table of those that cannot be read.
  absl::Status SetAside(const StoredObject& object, absl::string_view reason, absl::Time now);
  absl::StatusOr<int64_t> CountSetAside();

  JournalRange journal() const { return {compacted_.load() + 1, newest_.load()}; }
  // Entries from `first` to `last`, both inclusive, as many as fit: at least one, at most 256 or 1 MiB. Fewer than
  // asked for, or none, where compaction has been faster.
  absl::StatusOr<std::vector<JournalRow>> ReadJournal(int64_t first, int64_t last);
  // Removes entries before `before`, and those beyond the newest `keep`.
  absl::Status CompactJournal(absl::Time before, int64_t keep);

  absl::StatusOr<std::optional<RequestRecord>> FindRequest(absl::string_view caller, absl::string_view id,
                                                           absl::Time not_before);
  absl::Status DropRequests(absl::Time before);

  absl::Status PutOperation(int64_t number, absl::string_view blob);
  absl::Status DropOperations(const std::vector<int64_t>& numbers);
  absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> LoadOperations();

  // A short value by name: "boot_id", "instance", "migration/UID/RUN".
  absl::StatusOr<std::string> GetMeta(absl::string_view key);
  absl::Status PutMeta(absl::string_view key, absl::string_view value);
  absl::Status DropMeta(absl::string_view key);
  // The names that begin so.
  absl::StatusOr<std::vector<std::string>> ListMeta(absl::string_view prefix);

 private:
  Store(Database writer, Database reader) : writer_(std::move(writer)), reader_(std::move(reader)) {}
  static absl::StatusOr<std::unique_ptr<Store>> OpenFile(const std::string& path, const StoreOptions& options);
  absl::Status Initialize(const StoreOptions& options);
  absl::Status TakeOver(const std::string& damaged_path, const StoreOptions& options, std::vector<std::string>* notes);
  absl::Status WriteLocked(const Transaction& transaction);
  // Runs `body` between BEGIN and COMMIT on the writing connection.
  absl::Status InTransaction(const std::function<absl::Status()>& body);
  void Step(absl::string_view step) const {
    if (step_hook_) step_hook_(step);
  }

  std::function<void(absl::string_view)> step_hook_;
  std::atomic<int64_t> compacted_{0};
  std::atomic<int64_t> newest_{0};

  // Statements go before their connections.
  std::mutex write_mutex_;
  Database writer_;
  Statement begin_, commit_, rollback_, put_object_, drop_object_, put_journal_, put_request_, put_operation_;
  std::mutex read_mutex_;
  Database reader_;
  Statement read_journal_, find_request_;
};

}  // namespace reeve::state
