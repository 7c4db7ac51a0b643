// The beginning of libxenlight's streams.
#pragma once

#include "absl/status/status.h"

namespace reeve::xen {

// Looks at the first 16 bytes that `descriptor`, a file or a stream socket, would give next, and leaves them there;
// waits for them on a socket. INVALID_ARGUMENT when they are not the head of a stream of version 2 for this machine
// (Xen's docs/specs/libxl-migration-stream.pandoc, "Stream Header"). libxenlight 4.17 says what is wrong with such a
// head, and then dies of it, and we with it.
absl::Status CheckStreamHead(int descriptor);

}  // namespace reeve::xen
