// How the store is opened, and what happens to a damaged one.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/schema.h"
#include "daemon/state/store.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"

namespace reeve::state {
namespace {

// Moves the database away with the log that belongs to it, so that it can still be examined together.
absl::StatusOr<std::string> MoveAside(const std::string& path, absl::Time now) {
  const std::string time = absl::FormatTime("%Y%m%dT%H%M%E3SZ", now, absl::UTCTimeZone());
  const std::string moved = absl::StrCat(path, ".corrupt-", time);
  if (std::rename(path.c_str(), moved.c_str()) != 0) return util::ErrnoStatus(absl::StrCat("rename ", path));
  for (const char* suffix : {"-wal", "-shm"}) {
    const std::string from = absl::StrCat(path, suffix);
    if (std::rename(from.c_str(), absl::StrCat(moved, suffix).c_str()) != 0 && errno != ENOENT) {
      return util::ErrnoStatus(absl::StrCat("rename ", from));
    }
  }
  return moved;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options, std::vector<std::string>* notes) {
  if (absl::Status status = util::MakeDirectories(options.directory, 0700); !status.ok()) {
    return WithReason(v1::REASON_STORE_FAILED, status);
  }
  const std::string path = absl::StrCat(options.directory, "/reeve.db");
  absl::StatusOr<std::unique_ptr<Store>> store = OpenFile(path, options);
  if (!store.ok() && ShowsDamage(store.status())) {
    const std::string damage(store.status().message());
    absl::StatusOr<std::string> moved = MoveAside(path, options.now);
    if (!moved.ok()) return WithContext(damage, moved.status());
    notes->push_back(
        absl::StrCat("the database ", path, " is damaged (", damage, "): moved to ", *moved, ", started a new one"));
    store = OpenFile(path, options);
    if (!store.ok()) return store;
    if (absl::Status status = (*store)->TakeOver(*moved, options, notes); !status.ok()) return status;
  }
  if (!store.ok()) return WithContext(path, store.status());
  if (absl::Status status = util::SyncDirectory(options.directory); !status.ok()) return status;
  return store;
}

absl::StatusOr<std::unique_ptr<Store>> Store::OpenFile(const std::string& path, const StoreOptions& options) {
  absl::StatusOr<Database> writer = Database::Open(path, Database::Mode::kReadWrite);
  if (!writer.ok()) return writer.status();
  if (absl::Status status = PrepareSchema(*writer); !status.ok()) return status;
  absl::StatusOr<Database> reader = Database::Open(path, Database::Mode::kReadOnly);
  if (!reader.ok()) return reader.status();
  if (absl::Status status = reader->Execute("PRAGMA cache_size=-512"); !status.ok()) return status;
  std::unique_ptr<Store> store(new Store(*std::move(writer), *std::move(reader)));
  if (absl::Status status = store->Initialize(options); !status.ok()) return status;
  return store;
}

absl::Status Store::Initialize(const StoreOptions& options) {
  struct Wanted {
    Database* database;
    Statement* statement;
    const char* sql;
  };
  const Wanted all[] = {
      {&writer_, &begin_, "BEGIN IMMEDIATE"},
      {&writer_, &commit_, "COMMIT"},
      {&writer_, &rollback_, "ROLLBACK"},
      {&writer_, &put_object_,
       "INSERT INTO objects(kind, name, uid, revision, blob) VALUES('domain', ?1, ?2, ?3, ?4) "
       "ON CONFLICT(kind, name) DO UPDATE SET uid=?2, revision=?3, blob=?4"},
      {&writer_, &drop_object_, "DELETE FROM objects WHERE kind='domain' AND name=?"},
      {&writer_, &put_journal_, "INSERT INTO journal(revision, time, blob) VALUES(?, ?, ?)"},
      {&writer_, &put_request_,
       "INSERT OR REPLACE INTO requests(caller, id, method, digest, response, time) VALUES(?, ?, ?, ?, ?, ?)"},
      {&writer_, &put_operation_, "INSERT OR REPLACE INTO operations(number, blob) VALUES(?, ?)"},
      {&reader_, &read_journal_,
       "SELECT revision, blob FROM journal WHERE revision BETWEEN ? AND ? ORDER BY revision LIMIT ?"},
      {&reader_, &find_request_, "SELECT method, digest, response FROM requests WHERE caller=? AND id=? AND time>=?"},
  };
  for (const Wanted& wanted : all) {
    absl::StatusOr<Statement> statement = wanted.database->Prepare(wanted.sql);
    if (!statement.ok()) return statement.status();
    *wanted.statement = *std::move(statement);
  }
  absl::StatusOr<int64_t> compacted = writer_.QueryInteger("SELECT value FROM meta WHERE key='compacted'");
  if (!compacted.ok()) return compacted.status();
  absl::StatusOr<int64_t> newest = writer_.QueryInteger("SELECT max(revision) FROM journal");
  if (!newest.ok()) return newest.status();
  compacted_.store(*compacted);
  newest_.store(std::max(*compacted, *newest));
  // Reads every object once now, so that damage is found here, where it can be dealt with.
  if (absl::StatusOr<std::vector<StoredObject>> objects = LoadObjects(); !objects.ok()) return objects.status();
  if (options.max_pages > 0) {
    absl::Status status = writer_.Execute(absl::StrCat("PRAGMA max_page_count=", options.max_pages));
    if (!status.ok()) return status;
  }
  step_hook_ = options.step_hook;
  return absl::OkStatus();
}

absl::Status Store::TakeOver(const std::string& damaged_path, const StoreOptions& options,
                             std::vector<std::string>* notes) {
  const std::lock_guard<std::mutex> lock(write_mutex_);
  const int64_t base = absl::ToUnixMillis(options.now);
  size_t taken = 0;
  // What cannot be read is lost; that is what the note says.
  const auto copy = [&]() -> absl::Status {
    absl::StatusOr<Database> damaged = Database::Open(damaged_path, Database::Mode::kReadOnly);
    if (!damaged.ok()) return damaged.status();
    absl::StatusOr<Statement> query =
        damaged->Prepare("SELECT name, uid, blob FROM objects WHERE kind='domain' ORDER BY rowid");
    if (!query.ok()) return query.status();
    while (true) {
      absl::StatusOr<bool> row = query->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      absl::Status status = put_object_.Bind(1, query->Bytes(0))
                                .Bind(2, query->Bytes(1))
                                .Bind(3, base)
                                .BindBlob(4, query->Bytes(2))
                                .Run();
      if (!status.ok()) return status;
      ++taken;
    }
  };
  absl::Status copied;
  absl::Status status = InTransaction([&]() -> absl::Status {
    copied = copy();
    absl::StatusOr<Statement> mark = writer_.Prepare("INSERT OR REPLACE INTO meta VALUES('compacted', ?)");
    return mark.ok() ? mark->Bind(1, base).Run() : mark.status();
  });
  if (!status.ok()) return status;
  compacted_.store(base);
  newest_.store(base);
  notes->push_back(absl::StrCat("took over ", taken, " domains from ", damaged_path,
                                copied.ok() ? "" : absl::StrCat("; the rest cannot be read: ", copied.message())));
  return absl::OkStatus();
}

}  // namespace reeve::state
