// The head of the files in which libvirt's Xen driver saves guests.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/saved_image.h"

namespace reeve::xen {

// Layout: the 16 bytes "libvirt-xml\n \0 \r", two words of 32 bits in the byte order of the host that wrote it (the
// version, 2; the length of the document with its final zero byte), ten words that are not used, domain XML, and the
// stream of libxl_domain_suspend.

// Whether the file begins as such files do. Leaves the position where it is.
bool IsLibvirtImage(int descriptor);
// Reads the head from the start of the file and leaves the position where the stream begins. The bytes are hostile:
// whatever they say, at most 1 MiB of XML are read. IMAGE_INVALID; the document's own faults are in its message.
absl::StatusOr<drivers::SavedImage> ReadLibvirtImageHead(int descriptor);

}  // namespace reeve::xen
