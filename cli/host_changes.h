// Those of the commands about the host that change it.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "cli/command.h"
#include "cli/context.h"

namespace reeve::cli {

// The number that an option has; nothing when it is not given. INVALID_ARGUMENT.
absl::StatusOr<std::optional<uint64_t>> NumberOf(const Arguments& arguments, const char* option, uint64_t most);

Command AllocpagesCommand();
Command NodeMemoryTuneCommand();
Command NodesuspendCommand();

}  // namespace reeve::cli
