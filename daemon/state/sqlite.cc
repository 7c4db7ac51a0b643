#include "daemon/state/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::state {
namespace {

// Others hold the lock only when an administrator looks at the file or copies it; longer than this is an error.
constexpr int kBusyMilliseconds = 5000;

absl::Status SqliteError(sqlite3* database, absl::string_view what) {
  const int code = sqlite3_extended_errcode(database);
  return Error(v1::REASON_STORE_FAILED, absl::StrCat(what, ": ", sqlite3_errmsg(database)),
               {{"sqlite_code", absl::StrCat(code)}});
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  // Repeats the error of the last step, which has been handled.
  (void)sqlite3_finalize(statement);
}

// Binding fails only for a wrong parameter number or a value over SQLite's limit of 10^9 bytes; the step then finds
// NULL, and every column is NOT NULL.
Statement& Statement::Bind(int parameter, int64_t value) {
  (void)sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::Bind(int parameter, absl::string_view text) {
  (void)sqlite3_bind_text64(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int parameter, absl::string_view bytes) {
  (void)sqlite3_bind_blob64(statement_.get(), parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                            SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  absl::Status status = SqliteError(sqlite3_db_handle(statement_.get()), "write or read the store");
  Reset();
  return status;
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = Step();
  Reset();
  return row.status();
}

void Statement::Reset() {
  (void)sqlite3_reset(statement_.get());  // repeats the error of the last step
  (void)sqlite3_clear_bindings(statement_.get());
}

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

absl::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);  // before the size (sqlite3_column_bytes)
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* database) const {
  (void)sqlite3_close_v2(database);
}

absl::StatusOr<Database> Database::Open(const std::string& path, Mode mode) {
  if (mode == Mode::kReadWrite) {
    // SQLite gives its other files the mode of this one.
    const util::UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return WithReason(v1::REASON_STORE_FAILED, util::ErrnoStatus(absl::StrCat("open ", path)));
  }
  sqlite3* raw = nullptr;
  const int flags = mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (raw == nullptr) return Error(v1::REASON_STORE_FAILED, absl::StrCat("open ", path, ": out of memory"));
  if (code != SQLITE_OK) return SqliteError(raw, absl::StrCat("open ", path));
  (void)sqlite3_extended_result_codes(raw, 1);
  (void)sqlite3_busy_timeout(raw, kBusyMilliseconds);
  return database;
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return SqliteError(database_.get(), "prepare a statement of the store");
  return Statement(raw);
}

absl::Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return SqliteError(database_.get(), sql.substr(0, sql.find_first_of(" ;(")));
}

absl::StatusOr<int64_t> Database::QueryInteger(absl::string_view sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Integer(0) : 0;
}

bool Database::InTransaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

bool ShowsDamage(const absl::Status& status) {
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return false;
  const auto code = info.metadata().find("sqlite_code");
  int number = 0;
  if (code == info.metadata().end() || !absl::SimpleAtoi(code->second, &number)) return false;
  return (number & 0xff) == SQLITE_NOTADB || (number & 0xff) == SQLITE_CORRUPT;
}

}  // namespace reeve::state
