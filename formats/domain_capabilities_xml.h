// libvirt's domain capabilities document (https://libvirt.org/formatdomaincaps.html): what one kind of guest may have.
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain_capabilities.pb.h"

namespace reeve::formats {

// Reads a document. Errors as those of ParseDomainXml.
absl::StatusOr<v1::DomainCapabilities> ParseDomainCapabilitiesXml(absl::string_view text,
                                                                  std::vector<Warning>* warnings = nullptr,
                                                                  Strictness strictness = Strictness::kStrict);

// The document as `virsh domcapabilities` prints it, with a final line end.
std::string WriteDomainCapabilitiesXml(const v1::DomainCapabilities& capabilities);

}  // namespace reeve::formats
