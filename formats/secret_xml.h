// libvirt's secret XML (https://libvirt.org/formatsecret.html), read into the model and written from it. Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/secret.pb.h"

namespace reeve::formats {

// Reads a document. The result has `uid` and `name` (both empty when the document has no uuid) and `spec`. Errors as of
// ParseDomainXml, with line and column.
absl::StatusOr<v1::Secret> ParseSecretXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                          Strictness strictness = Strictness::kStrict);

// Writes a secret as `virsh secret-dumpxml` does.
std::string WriteSecretXml(const v1::Secret& secret);

}  // namespace reeve::formats
