#include "daemon/state/schema.h"

#include "absl/strings/str_cat.h"

namespace reeve::state {
namespace {

// "Reev": tells the file from other SQLite databases (https://www.sqlite.org/pragma.html#pragma_application_id).
constexpr int64_t kApplicationId = 0x52656576;

// The newest revision is the greater of max(journal.revision) and meta.compacted: every revision has one journal entry,
// and compaction writes the last one that it removed.
constexpr char kTables[] = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE objects(kind TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, revision INTEGER NOT NULL, blob BLOB NOT NULL,
                     UNIQUE(kind, name), UNIQUE(kind, uid));
CREATE TABLE journal(revision INTEGER PRIMARY KEY NOT NULL, time INTEGER NOT NULL, blob BLOB NOT NULL);
CREATE TABLE requests(caller TEXT NOT NULL, id TEXT NOT NULL, method TEXT NOT NULL, digest BLOB NOT NULL,
                      response BLOB NOT NULL, time INTEGER NOT NULL, PRIMARY KEY(caller, id)) WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests(time);
CREATE TABLE operations(number INTEGER PRIMARY KEY NOT NULL, blob BLOB NOT NULL);
CREATE TABLE set_aside(kind TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, revision INTEGER NOT NULL,
                       blob BLOB NOT NULL, reason TEXT NOT NULL, time INTEGER NOT NULL);
)";

}  // namespace

absl::Status PrepareSchema(Database& database) {
  absl::StatusOr<int64_t> version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  absl::StatusOr<int64_t> application = database.QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database has version ", *version, ", of a later reeved; this one knows ", kSchemaVersion));
  }
  if (*application != kApplicationId && (*application != 0 || *version != 0)) {
    return absl::FailedPreconditionError("the database belongs to another program");
  }
  // FULL: a commit is on the disk when it returns, also through a power cut (https://www.sqlite.org/pragma.html).
  absl::Status status = database.Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY; "
      "PRAGMA journal_size_limit=8388608; PRAGMA foreign_keys=ON");
  if (!status.ok() || *version == kSchemaVersion) return status;
  status = database.Execute(absl::StrCat("BEGIN IMMEDIATE;", kTables, "PRAGMA application_id=", kApplicationId,
                                         "; PRAGMA user_version=", kSchemaVersion, "; COMMIT"));
  if (!status.ok() && database.InTransaction())
    (void)database.Execute("ROLLBACK");  // the first error is the one to tell
  return status;
}

}  // namespace reeve::state
