// The file of a saved guest: what it was, then what libxenlight wrote of its memory.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/domain_spec.pb.h"
#include "util/fd.h"

namespace reeve::xen {

// Layout: "reeve-xen-save\n", the version (1) as four bytes, little endian, the length of the specification as eight,
// the specification (DomainSpec, serialized), zero bytes up to a multiple of 4096, and the stream of
// libxl_domain_suspend (Xen's docs/specs/libxl-migration-stream.pandoc), version 2.

// Writes the head at the present position of a new file and leaves the position where the stream begins.
absl::Status WriteSavedHead(const util::UniqueFd& file, const v1::DomainSpec& spec);
// Reads it from the start and leaves the position where the stream begins. DATA_LOSS for what is no such file, or one
// of a later version.
absl::StatusOr<v1::DomainSpec> ReadSavedHead(const util::UniqueFd& file);

}  // namespace reeve::xen
