#include "drivers/lxc/loop_device.h"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

constexpr off_t kSector = 512;
// Others look for a free device at the same time.
constexpr int kAttempts = 64;

absl::StatusOr<util::UniqueFd> OpenImage(const std::string& path, bool read_only) {
  util::UniqueFd image(open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!image) return util::ErrnoStatus(path);
  struct stat status = {};
  if (fstat(image.get(), &status) < 0) return util::ErrnoStatus(path);
  if (!S_ISREG(status.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  if (status.st_size == 0 || status.st_size % kSector != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": its size, ", status.st_size, " bytes, is not a number of sectors of 512 bytes"));
  }
  return image;
}

absl::Status FillNumbers(BlockDevice* device) {
  struct stat status = {};
  if (fstat(device->descriptor.get(), &status) < 0) return util::ErrnoStatus(device->path);
  if (!S_ISBLK(status.st_mode)) return absl::InvalidArgumentError(absl::StrCat(device->path, ": is no block device"));
  device->major = major(status.st_rdev);
  device->minor = minor(status.st_rdev);
  return absl::OkStatus();
}

// Whether /proc/filesystems has it.
absl::StatusOr<bool> KernelHas(const std::string& type) {
  absl::StatusOr<std::string> text = util::ReadFile("/proc/filesystems");
  if (!text.ok()) return text.status();
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (line == absl::StrCat("\t", type)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<BlockDevice> AttachLoopDevice(const std::string& image, bool read_only) {
  absl::StatusOr<util::UniqueFd> file = OpenImage(image, read_only);
  if (!file.ok()) return file.status();
  const util::UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return util::ErrnoStatus("/dev/loop-control");
  loop_config config = {};
  config.fd = static_cast<uint32_t>(file->get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? uint32_t{LO_FLAGS_READ_ONLY} : 0u);
  // What losetup(8) shows.
  image.copy(reinterpret_cast<char*>(config.info.lo_file_name), LO_NAME_SIZE - 1);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return util::ErrnoStatus("find a free loop device");
    BlockDevice device;
    device.path = absl::StrCat("/dev/loop", number);
    device.descriptor.Reset(open(device.path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (!device.descriptor) return util::ErrnoStatus(device.path);
    if (ioctl(device.descriptor.get(), LOOP_CONFIGURE, &config) == 0) {
      if (absl::Status status = FillNumbers(&device); !status.ok()) return status;
      return device;
    }
    if (errno != EBUSY) return util::ErrnoStatus(absl::StrCat("attach ", image, " to ", device.path));
  }
  return absl::UnavailableError("every free loop device was taken by others");
}

absl::StatusOr<BlockDevice> OpenBlockDevice(const std::string& path, bool read_only) {
  BlockDevice device;
  device.path = path;
  // O_NONBLOCK: it may turn out to be a pipe.
  device.descriptor.Reset(open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!device.descriptor) return util::ErrnoStatus(path);
  if (absl::Status status = FillNumbers(&device); !status.ok()) return status;
  return device;
}

absl::StatusOr<std::string> FindFilesystemType(const BlockDevice& device) {
  const std::unique_ptr<struct blkid_struct_probe, void (*)(blkid_probe)> probe(blkid_new_probe(), blkid_free_probe);
  if (probe == nullptr) return absl::ResourceExhaustedError("probe for a file system");
  if (blkid_probe_set_device(probe.get(), device.descriptor.get(), 0, 0) < 0) {
    return absl::UnknownError(absl::StrCat(device.path, ": cannot be probed for a file system"));
  }
  (void)blkid_probe_enable_superblocks(probe.get(), 1);
  (void)blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
  (void)blkid_probe_filter_superblocks_usage(probe.get(), BLKID_FLTR_ONLYIN, BLKID_USAGE_FILESYSTEM);
  const int result = blkid_do_safeprobe(probe.get());
  if (result == 1) return absl::InvalidArgumentError(absl::StrCat(device.path, ": has no file system that is known"));
  if (result == -2) {
    return absl::InvalidArgumentError(absl::StrCat(device.path, ": has signatures of several file systems"));
  }
  const char* type = nullptr;
  if (result != 0 || blkid_probe_lookup_value(probe.get(), "TYPE", &type, nullptr) < 0) {
    return absl::UnknownError(absl::StrCat(device.path, ": cannot be probed for a file system"));
  }
  std::string found = type;
  absl::StatusOr<bool> known = KernelHas(found);
  if (!known.ok()) return known.status();
  if (!*known) {
    return absl::InvalidArgumentError(absl::StrCat(device.path, ": this kernel does not have its file system, ", found));
  }
  return found;
}

}  // namespace reeve::lxc
