// The file of a saved guest: what it was, then its memory as the hypervisor writes it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/store/v1/image.pb.h"

namespace reeve::drivers {

// What the head of a file says.
struct SavedImage {
  store::v1::ImageHead head;
  std::string producer = "reeve";  // or "libvirt"
  uint32_t version = 0;            // of the producer's format
};

// Layout: "reeve-save\n", the version (1) as four bytes, little endian, the length of the head as eight, the head
// (ImageHead, serialized, at most 4 MiB), zero bytes up to a multiple of 4096, and the memory.
inline constexpr absl::string_view kImageMagic = "reeve-save\n";

// Writes the head at the present position of a new file and leaves the position where the memory begins.
absl::Status WriteImageHead(int descriptor, const store::v1::ImageHead& head);
// Reads it from the start of the file and leaves the position where the memory begins. The bytes are hostile: whatever
// they say, at most 4 MiB are read. IMAGE_INVALID for what is no such file, is damaged, or is of another version or
// hypervisor.
absl::StatusOr<SavedImage> ReadImageHead(int descriptor, absl::string_view hypervisor);

}  // namespace reeve::drivers
