// libvirt's storage pool XML (https://libvirt.org/formatstorage.html), read into the model and written from it. Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/storage.pb.h"

namespace reeve::formats {

// Reads a document. The result has `name` ("pools/NAME"), `uid` (empty when the document has no uuid) and `spec`, with
// the defaults of its type filled in: name and directory of the source, format, path of the target. Sizes are the
// pool's state: they are ignored, with a warning. Errors as of ParseDomainXml, with line and column.
absl::StatusOr<v1::StoragePool> ParseStoragePoolXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                                    Strictness strictness = Strictness::kStrict);

// Writes a pool as `virsh pool-dumpxml` does.
std::string WriteStoragePoolXml(const v1::StoragePool& pool);

}  // namespace reeve::formats
