// libvirt's storage volume XML (https://libvirt.org/formatstorage.html), read into the model and written from it. Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/storage.pb.h"

namespace reeve::formats {

// Reads a document. `pool` is the pool that the volume belongs to, which decides what formats there are; null stands
// for a directory. The result has `name` ("pools/POOL/volumes/NAME", with "-" for a pool that is not known), `key`,
// `spec` with its format filled in. What is the volume's state is ignored, with a warning: where it lies in its pool
// (<source>), its size on the medium, its times. Errors as of ParseDomainXml, with line and column.
absl::StatusOr<v1::StorageVolume> ParseStorageVolumeXml(absl::string_view text, const v1::StoragePool* pool = nullptr,
                                                        std::vector<Warning>* warnings = nullptr,
                                                        Strictness strictness = Strictness::kStrict);

// Writes a volume as `virsh vol-dumpxml` does.
std::string WriteStorageVolumeXml(const v1::StorageVolume& volume);

}  // namespace reeve::formats
