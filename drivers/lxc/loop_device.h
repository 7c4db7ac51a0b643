// Loop devices (loop(4)): images of the host as block devices.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::lxc {

// A block device of the host. As long as the descriptor of a loop device is open, or it is mounted, it stays; then the
// kernel detaches it by itself, whatever has happened to whom.
struct BlockDevice {
  util::UniqueFd descriptor;
  std::string path;  // "/dev/loop3"
  unsigned major = 0;
  unsigned minor = 0;
};

// Attaches a raw image, a regular file with whole sectors of 512 bytes. Its content is not looked at, whatever its format.
// INVALID_ARGUMENT when it is no such file, else the error of the kernel.
absl::StatusOr<BlockDevice> AttachLoopDevice(const std::string& image, bool read_only);

// Opens a block device. INVALID_ARGUMENT when it is something else.
absl::StatusOr<BlockDevice> OpenBlockDevice(const std::string& path, bool read_only);

// The type of the file system on a device, by its signature, if this kernel has it: "ext4". INVALID_ARGUMENT when there is
// none, more than one, or another one.
absl::StatusOr<std::string> FindFilesystemType(const BlockDevice& device);

}  // namespace reeve::lxc
