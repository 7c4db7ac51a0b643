// libvirt's node device XML (https://libvirt.org/formatnode.html), read into the model and written from it. Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::formats {

// Reads a document. The result has `name` ("nodeDevices/NAME") and all that the document says, save counts of virtual
// ports, which are the adapter's state: they are ignored, with a warning. Errors as of ParseDomainXml, with line and
// column.
absl::StatusOr<v1::NodeDevice> ParseNodeDeviceXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                                  Strictness strictness = Strictness::kStrict);

// Writes a device as `virsh nodedev-dumpxml` does.
std::string WriteNodeDeviceXml(const v1::NodeDevice& device);

}  // namespace reeve::formats
