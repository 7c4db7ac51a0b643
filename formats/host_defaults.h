// What a document leaves open and the host that it is for decides. Pure function, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::formats {

// Gives a domain the architecture, machine type and emulator of the guest in `capabilities` that it is: of its
// hypervisor, operating system and architecture (left open: the host's, or the first). What the domain has stays, but
// for `replace_usual`: then what readers take for granted where a format cannot say it, the emulators that libvirt has
// on x86_64, gives way, too. SPEC_UNSUPPORTED when no guest matches.
absl::Status ApplyCapabilities(const v1::HostCapabilities& capabilities, bool replace_usual, v1::Domain* domain);

}  // namespace reeve::formats
