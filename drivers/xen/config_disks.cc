// Disks of a domain.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "drivers/xen/config_sections.h"

namespace reeve::xen {
namespace {

std::pair<absl::string_view, libxl_disk_format> constexpr kFormats[] = {
    {"", LIBXL_DISK_FORMAT_RAW},        {"raw", LIBXL_DISK_FORMAT_RAW}, {"qcow", LIBXL_DISK_FORMAT_QCOW},
    {"qcow2", LIBXL_DISK_FORMAT_QCOW2}, {"vhd", LIBXL_DISK_FORMAT_VHD}, {"vpc", LIBXL_DISK_FORMAT_VHD},
    {"qed", LIBXL_DISK_FORMAT_QED},
};

// Which back end a driver of libvirt's is. Without a driver libxenlight chooses (xl-disk-configuration(5)).
void SetBackend(const ConfigContext& context, const v1::Disk& disk, const std::string& field, libxl_device_disk* out) {
  const std::string& driver = disk.driver_name();
  if (driver == "qemu" || driver == "tap" || driver == "tap2") {
    out->backend = LIBXL_DISK_BACKEND_QDISK;  // blktap is gone from Xen: QEMU serves its images
  } else if (driver == "file") {
    out->backend = LIBXL_DISK_BACKEND_QDISK;
  } else if (driver == "phy") {
    out->backend = LIBXL_DISK_BACKEND_PHY;
  } else if (driver.empty()) {
    out->backend = disk.type() == "network" ? LIBXL_DISK_BACKEND_QDISK : LIBXL_DISK_BACKEND_UNKNOWN;
  } else {
    context.violations->Unsupported(absl::StrCat(field, ".driver_name"), absl::StrCat("'", driver, "'"));
  }
  for (const auto& [name, format] : kFormats) {
    if (disk.driver_format() == name) out->format = format;
  }
  if (out->format == LIBXL_DISK_FORMAT_UNKNOWN) {
    context.violations->Unsupported(absl::StrCat(field, ".driver_format"),
                                    absl::StrCat("'", disk.driver_format(), "'"));
  }
  const bool raw_only = driver == "file" || driver == "phy";
  if (raw_only && out->format != LIBXL_DISK_FORMAT_RAW) {
    context.violations->Unsupported(absl::StrCat(field, ".driver_format"),
                                    absl::StrCat("driver '", driver, "' takes raw images only"));
  }
}

// QEMU's name of an image of Ceph: "rbd:POOL/IMAGE:mon_host=A\:PORT\;B"; what separates is escaped by a backslash.
std::string RbdName(const ConfigContext& context, const v1::Disk& disk, const std::string& field) {
  const v1::NetworkDiskSource& source = disk.network_source();
  if (source.protocol() != "rbd") {
    context.violations->Unsupported(absl::StrCat(field, ".network_source.protocol"),
                                    absl::StrCat("'", source.protocol(), "' is not \"rbd\""));
    return "";
  }
  if (disk.has_authentication()) {
    context.violations->Unsupported(absl::StrCat(field, ".authentication"), "secrets cannot be given to Xen yet");
  }
  std::string name = absl::StrCat("rbd:", absl::StrReplaceAll(source.name(), {{":", "\\:"}, {"\\", "\\\\"}}));
  if (!source.snapshot().empty()) absl::StrAppend(&name, "@", source.snapshot());
  if (!source.hosts().empty()) {
    absl::StrAppend(&name, ":auth_supported=none:mon_host=");
    for (int i = 0; i < source.hosts_size(); ++i) {
      const v1::DiskHost& host = source.hosts(i);
      const std::string address = host.name().find(':') == std::string::npos
                                      ? host.name()
                                      : absl::StrCat("[", absl::StrReplaceAll(host.name(), {{":", "\\:"}}), "]");
      absl::StrAppend(&name, i > 0 ? "\\;" : "", address);
      if (host.has_port()) absl::StrAppend(&name, "\\:", host.port());
    }
  }
  if (!source.config_file().empty()) absl::StrAppend(&name, ":conf=", source.config_file());
  return name;
}

}  // namespace

void FillDisk(const ConfigContext& context, const v1::Disk& disk, const std::string& field, libxl_device_disk* out) {
  context.library.libxl_device_disk_init(out);
  const bool medium = disk.type() == "network" ? disk.has_network_source() : !disk.source().empty();
  if (disk.device() == "lun") context.violations->Unsupported(absl::StrCat(field, ".device"), "'lun'");
  if (disk.type() == "network") {
    out->pdev_path = CopyText(RbdName(context, disk, field));
  } else if (disk.type() == "dir" || disk.type() == "volume") {
    context.violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", disk.type(), "'"));
  } else if (medium) {
    out->pdev_path = CopyText(disk.source());
  }
  if (disk.target_device().empty()) {
    context.violations->Invalid(absl::StrCat(field, ".target_device"), "is missing");
  } else {
    out->vdev = CopyText(disk.target_device());
  }
  SetBackend(context, disk, field, out);
  out->removable = 1;  // else it can never be taken away from the running guest
  out->readwrite = disk.read_only() ? 0 : 1;
  out->is_cdrom = disk.device() == "cdrom" ? 1 : 0;
  if (!medium) {
    if (disk.device() != "cdrom" && disk.device() != "floppy") {
      context.violations->Invalid(absl::StrCat(field, ".source"), "is missing");
    }
    out->format = LIBXL_DISK_FORMAT_EMPTY;
  }
  if (!disk.driver_discard().empty()) {
    context.library.libxl_defbool_set(&out->discard_enable, disk.driver_discard() == "unmap");
  }
  if (!disk.backend_domain().empty()) out->backend_domname = CopyText(disk.backend_domain());
  if (disk.transient())
    context.violations->Unsupported(absl::StrCat(field, ".transient"), "Xen keeps what was written");
  if (!disk.driver_cache().empty() && disk.driver_cache() != "default") {
    context.violations->Unsupported(absl::StrCat(field, ".driver_cache"),
                                    absl::StrCat("Xen has no cache mode '", disk.driver_cache(), "'"));
  }
}

void AddDisks(const ConfigContext& context) {
  const auto& disks = context.spec.devices().disks();
  for (int i = 0; i < disks.size(); ++i) {
    libxl_device_disk* const disk = AppendElement(&context.config->disks, &context.config->num_disks);
    FillDisk(context, disks[i], absl::StrCat("devices.disks[", i, "]"), disk);
  }
}

}  // namespace reeve::xen
