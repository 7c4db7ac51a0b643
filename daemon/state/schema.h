// Tables of the store.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/state/sqlite.h"

namespace reeve::state {

// Written to the file's user_version; counts up with every change of the tables.
inline constexpr int64_t kSchemaVersion = 1;

// Sets the connection up (WAL, synchronous=FULL) and makes the tables where the file is new. FAILED_PRECONDITION for a
// file of a later version or of another program: it is left as it is.
absl::Status PrepareSchema(Database& database);

}  // namespace reeve::state
