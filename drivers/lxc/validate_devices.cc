#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "drivers/lxc/violations.h"

namespace reeve::lxc {
namespace {

// Images are raw. Another format is never guessed, and there is no driver for one.
void CheckRaw(const std::string& format, const std::string& field, Violations* violations) {
  if (format.empty() || format == "raw" || format == "none") return;
  violations->Unsupported(field, absl::StrCat("'", format, "' is not \"raw\""));
}

// A name below /dev that is not one of those that every guest has.
void CheckNodeName(const std::string& name, const std::string& field, std::set<std::string>* names,
                   Violations* violations) {
  constexpr absl::string_view kOwn[] = {"null",    "zero", "full", "random", "urandom", "tty",    "fd",
                                        "console", "ptmx", "pts",  "shm",    "mqueue",  "stdin",  "stdout",
                                        "stderr"};
  if (auto fault = PathFault(absl::StrCat("/", name)); fault || name.empty() || name.back() == '/' || name[0] == '/') {
    return violations->Invalid(field, absl::StrCat("'", name, "' is not the name of a device"));
  }
  const std::string first = name.substr(0, name.find('/'));
  const bool console = absl::StartsWith(first, "tty") && first.size() > 3 &&
                       std::all_of(first.begin() + 3, first.end(), absl::ascii_isdigit);
  if (console || std::find(std::begin(kOwn), std::end(kOwn), first) != std::end(kOwn)) {
    violations->Invalid(field, absl::StrCat("'", name, "' is a device that every guest has of its own"));
  } else if (!names->insert(name).second) {
    violations->Invalid(field, absl::StrCat("'", name, "' is used twice"));
  }
}

void CheckDisk(const v1::Disk& disk, const std::string& field, Violations* violations) {
  if (!disk.type().empty() && disk.type() != "file" && disk.type() != "block") {
    violations->Unsupported(absl::StrCat(field, ".type"),
                            absl::StrCat("'", disk.type(), "' is not \"file\" or \"block\""));
  }
  if (!disk.device().empty() && disk.device() != "disk") {
    violations->Unsupported(absl::StrCat(field, ".device"), absl::StrCat("'", disk.device(), "' is not \"disk\""));
  }
  if (!disk.driver_name().empty() && disk.driver_name() != "loop" && disk.driver_name() != "phy") {
    violations->Unsupported(absl::StrCat(field, ".driver_name"),
                            absl::StrCat("'", disk.driver_name(), "' is not \"loop\" or \"phy\""));
  }
  CheckPath(disk.source(), absl::StrCat(field, ".source"), violations);
  CheckRaw(disk.driver_format(), absl::StrCat(field, ".driver_format"), violations);
  if (!disk.driver_cache().empty() && disk.driver_cache() != "none" && disk.driver_cache() != "default") {
    violations->Unsupported(absl::StrCat(field, ".driver_cache"),
                            absl::StrCat("'", disk.driver_cache(), "' is not \"none\" or \"default\""));
  }
}

}  // namespace

void CheckFilesystems(const v1::Devices& devices, Violations* violations) {
  int roots = 0;
  for (int i = 0; i < devices.filesystems_size(); ++i) {
    const v1::Filesystem& filesystem = devices.filesystems(i);
    const std::string field = absl::StrCat("devices.filesystems[", i, "]");
    CheckPath(filesystem.target(), absl::StrCat(field, ".target"), violations);
    const bool root = !filesystem.target().empty() && filesystem.target().find_first_not_of('/') == std::string::npos;
    if (root) ++roots;
    switch (filesystem.type()) {
      case v1::Filesystem::TYPE_UNSPECIFIED:
      case v1::Filesystem::TYPE_MOUNT:
        CheckPath(filesystem.source(), absl::StrCat(field, ".source"), violations);
        break;
      case v1::Filesystem::TYPE_BIND:
        CheckPath(filesystem.source(), absl::StrCat(field, ".source"), violations);
        if (root)
          violations->Invalid(absl::StrCat(field, ".type"), "the root cannot be a directory of the guest itself");
        break;
      case v1::Filesystem::TYPE_FILE:
      case v1::Filesystem::TYPE_BLOCK:
        CheckPath(filesystem.source(), absl::StrCat(field, ".source"), violations);
        break;
      case v1::Filesystem::TYPE_RAM:
        if (filesystem.ram_size_kib() == 0) violations->Invalid(absl::StrCat(field, ".ram_size_kib"), "is 0");
        if (filesystem.ram_size_kib() > (uint64_t{1} << 52)) {
          violations->Invalid(absl::StrCat(field, ".ram_size_kib"), "is too large");
        }
        if (root) violations->Unsupported(absl::StrCat(field, ".type"), "the root cannot be a ram file system");
        break;
      default:
        violations->Unsupported(absl::StrCat(field, ".type"),
                                absl::StrCat(v1::Filesystem::Type_Name(filesystem.type()), " is not supported"));
    }
    if (filesystem.access_mode() > v1::Filesystem::ACCESS_MODE_MAPPED) {
      violations->Unsupported(absl::StrCat(field, ".access_mode"), "is not passthrough or mapped");
    }
    const bool of_the_host = filesystem.type() <= v1::Filesystem::TYPE_MOUNT;
    if (filesystem.access_mode() == v1::Filesystem::ACCESS_MODE_MAPPED && (!of_the_host || root)) {
      violations->Unsupported(absl::StrCat(field, ".access_mode"), "mapped is for directories of the host beside the root");
    }
    if (!filesystem.driver_type().empty() && filesystem.driver_type() != "loop" && filesystem.driver_type() != "path") {
      violations->Unsupported(absl::StrCat(field, ".driver_type"),
                              absl::StrCat("'", filesystem.driver_type(), "' is not \"loop\" or \"path\""));
    }
    CheckRaw(filesystem.driver_format(), absl::StrCat(field, ".driver_format"), violations);
    if (filesystem.has_space_hard_limit_kib() || filesystem.has_space_soft_limit_kib()) {
      violations->Unsupported(absl::StrCat(field, ".space_hard_limit_kib"), "limits of space are not supported");
    }
  }
  if (roots > 1) violations->Invalid("devices.filesystems", "more than one has the target \"/\"");
}

void CheckNodes(const v1::DomainSpec& spec, Violations* violations) {
  std::set<std::string> names;
  for (int i = 0; i < spec.devices().disks_size(); ++i) {
    const std::string field = absl::StrCat("devices.disks[", i, "]");
    CheckDisk(spec.devices().disks(i), field, violations);
    CheckNodeName(spec.devices().disks(i).target_device(), absl::StrCat(field, ".target_device"), &names, violations);
  }
  for (int i = 0; i < spec.devices().host_devices_size(); ++i) {
    const v1::HostDevice& device = spec.devices().host_devices(i);
    std::string field = absl::StrCat("devices.host_devices[", i, "]");
    if (device.has_usb() || device.has_pci()) {
      violations->Unsupported(field, "is not a storage, misc or net device");
    } else if (device.has_storage_block() || device.has_misc_character()) {
      const std::string& path = device.has_storage_block() ? device.storage_block() : device.misc_character();
      absl::StrAppend(&field, device.has_storage_block() ? ".storage_block" : ".misc_character");
      if (!absl::StartsWith(path, "/dev/")) {
        violations->Unsupported(field, absl::StrCat("'", path, "' is not below /dev"));
      } else {
        CheckNodeName(path.substr(5), field, &names, violations);
      }
    } else if (!device.has_network()) {
      violations->Invalid(field, "names no device");
    }
  }
  for (int i = 0; i < spec.clock().timers_size(); ++i) {
    const std::string& name = spec.clock().timers(i).name();
    const std::string field = absl::StrCat("clock.timers[", i, "].name");
    if (name != "rtc" && name != "hpet") {
      violations->Unsupported(field, absl::StrCat("'", name, "' is not \"rtc\" or \"hpet\""));
    } else if (spec.clock().timers(i).present()) {
      CheckNodeName(name, field, &names, violations);
    }
  }
}

}  // namespace reeve::lxc
