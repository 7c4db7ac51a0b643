// libvirt's network filter XML (https://libvirt.org/formatnwfilter.html), read into the model and written from it. Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/network_filter.pb.h"

namespace reeve::formats {

// Reads a document. The result has `name` ("networkFilters/NAME"), `uid` (empty when the document has no uuid) and
// `spec`. Errors as of ParseDomainXml, with line and column.
absl::StatusOr<v1::NetworkFilter> ParseNetworkFilterXml(absl::string_view text,
                                                        std::vector<Warning>* warnings = nullptr,
                                                        Strictness strictness = Strictness::kStrict);

// Writes a filter as `virsh nwfilter-dumpxml` does: parameters of references sorted by name.
std::string WriteNetworkFilterXml(const v1::NetworkFilter& filter);

}  // namespace reeve::formats
