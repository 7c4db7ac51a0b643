// libvirt's capabilities document (https://libvirt.org/formatcaps.html): what the host is and what guests it takes.
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::formats {

// Reads a document. Errors as those of ParseDomainXml.
absl::StatusOr<v1::HostCapabilities> ParseCapabilitiesXml(absl::string_view text,
                                                          std::vector<Warning>* warnings = nullptr,
                                                          Strictness strictness = Strictness::kStrict);

// The document as `virsh capabilities` prints it, with a final line end.
std::string WriteCapabilitiesXml(const v1::HostCapabilities& capabilities);

}  // namespace reeve::formats
