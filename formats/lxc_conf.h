// Configuration text of the lxc tools (lxc.container.conf(5)), read into the model and written from it: the keys of
// version 3 (lxc.uts.name, lxc.net.0.type) and those before it (lxc.utsname, lxc.network.type). It is understood as
// libvirt's native format "lxc-tools" is. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// Bounds of a configuration; beyond them it is DOCUMENT_MALFORMED.
inline constexpr size_t kMaxLxcConfBytes = 1 << 20;
inline constexpr size_t kMaxLxcConfLines = 16384;

// Reads a configuration. The result has `name` ("hypervisors/lxc/domains/NAME"), an empty `uid`, and `spec`, which has
// passed CheckDomainSpec. Where the text does not say: 64 MiB of memory, one CPU, /sbin/init, all capabilities.
//
// Files that a configuration names (lxc.include) are not read. A host network ("none") is not given to the guest: it
// gets a network of its own, with a warning.
//
// Errors: DOCUMENT_MALFORMED (a line that is not "key = value", text too large), DOCUMENT_UNKNOWN (a key that is not
// of lxc, a value that cannot be kept), SPEC_INVALID (a bad or missing value). They name line and column.
//
// `warnings`, when given, receives every line that was accepted without effect.
absl::StatusOr<v1::Domain> ParseLxcConf(absl::string_view text, std::vector<Warning>* warnings = nullptr);

// Writes a domain with the keys of version 3. It must have passed CheckDomainSpec. SPEC_UNSUPPORTED, with a field
// violation for each fault, when it has what lxc cannot express.
absl::StatusOr<std::string> WriteLxcConf(const v1::Domain& domain);

}  // namespace reeve::formats
