// SQLite's C interface as two RAII types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace reeve::state {

// A prepared statement. Parameters count from 1, columns from 0. Not thread-safe; must not outlive its database.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& Bind(int parameter, int64_t value);
  Statement& Bind(int parameter, absl::string_view text);
  Statement& BindBlob(int parameter, absl::string_view bytes);  // the bytes must live until Reset

  // Steps to the next row: true if there is one. An error and the end reset the statement.
  absl::StatusOr<bool> Step();
  // Runs a statement that gives no rows, and resets it.
  absl::Status Run();
  void Reset();

  [[nodiscard]] int64_t Integer(int column) const;
  // Valid until the next Step or Reset.
  [[nodiscard]] absl::string_view Bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection to a database file. Not thread-safe. Errors are STORE_FAILED with SQLite's message and the metadata
// "sqlite_code", its extended result code; ShowsDamage tells those that mean a damaged file.
class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Opens a database file, which for kReadWrite is made with mode 0600 if it is missing.
  static absl::StatusOr<Database> Open(const std::string& path, Mode mode);

  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // Runs statements separated by ";" whose rows are of no interest.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row of a query, 0 without rows.
  absl::StatusOr<int64_t> QueryInteger(absl::string_view sql);
  // Whether a transaction is open.
  [[nodiscard]] bool InTransaction() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

// Whether an error of this file means that the file is no database or damaged (SQLITE_NOTADB, SQLITE_CORRUPT).
bool ShowsDamage(const absl::Status& status);

}  // namespace reeve::state
