// Open files of this process for the first process of a guest.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "cli/command.h"
#include "cli/context.h"
#include "google/protobuf/repeated_field.h"

namespace reeve::cli {

Option PassFdsOption();

// Puts the numbers of --pass-fds into a request, and lets the daemon take them. INVALID_ARGUMENT for what this program
// was not started with, and for a daemon that is not on this host.
absl::Status PassFds(Context& context, const Arguments& arguments, google::protobuf::RepeatedField<int32_t>* numbers);

}  // namespace reeve::cli
