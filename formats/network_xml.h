// libvirt's network XML (https://libvirt.org/formatnetwork.html), read into the model and written from it. What the
// model does not have is refused by name and place. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/network.pb.h"

namespace reeve::formats {

// Reads a document. The result has `name` ("networks/NAME"), `uid` (lower case; empty when the document has no uuid)
// and `spec`.
//
// Errors as of ParseDomainXml: DOCUMENT_MALFORMED, DOCUMENT_UNKNOWN, SPEC_INVALID, with line and column. `warnings`,
// when given, receives what was accepted without effect (connections of a running network).
absl::StatusOr<v1::Network> ParseNetworkXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                            Strictness strictness = Strictness::kStrict);

// Writes a network as `virsh net-dumpxml --inactive` does. It must have come from ParseNetworkXml, or be as one that
// has.
std::string WriteNetworkXml(const v1::Network& network);

}  // namespace reeve::formats
