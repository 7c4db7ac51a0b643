// libvirt's XML of the host's interfaces (netcf's schema), read into the model and written from it. Pure functions,
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/interface_config.pb.h"

namespace reeve::formats {

// Reads a document. The result has `name` ("interfaces/DEVICE") and `spec`. Errors as of ParseDomainXml, with line and
// column.
absl::StatusOr<v1::HostInterface> ParseInterfaceXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                                    Strictness strictness = Strictness::kStrict);

// Writes an interface as `virsh iface-dumpxml` does.
std::string WriteInterfaceXml(const v1::HostInterface& interface);

}  // namespace reeve::formats
