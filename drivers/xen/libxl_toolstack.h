// The real toolstack: libxenlight.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "drivers/xen/libxl_library.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// Opens libxenlight and a context of it, and starts the thread that serves its events and the xenstore's. An error when
// this host does not run on Xen: FAILED_PRECONDITION or UNAVAILABLE with the reason. Destroying it ends the thread; the
// guests run on.
//
// libxenlight handles SIGCHLD for its own children only (libxl_sigchld_owner_libxl_always_selective_reap): nobody else
// in the process may install a handler for it.
absl::StatusOr<std::unique_ptr<Toolstack>> OpenLibxlToolstack(std::shared_ptr<const LibxlLibrary> library);

}  // namespace reeve::xen
