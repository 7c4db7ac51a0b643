#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "formats/xen_config_devices.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

absl::Status Invalid(absl::string_view cause) { return Error(v1::REASON_SPEC_INVALID, cause); }

// Bus by the name in the guest; hd* and sd* also have a place on their controller.
void Complete(v1::Disk* disk) {
  const std::string& target = disk->target_device();
  if (absl::StartsWith(target, "hd") && target.size() == 3 && target[2] >= 'a' && target[2] <= 'd') {
    disk->set_target_bus("ide");
    const uint32_t index = target[2] - 'a';
    disk->mutable_address()->set_bus(index / 2);
    disk->mutable_address()->set_unit(index % 2);
  } else if (absl::StartsWith(target, "hd")) {
    disk->set_target_bus("ide");
  } else if (absl::StartsWith(target, "sd")) {
    disk->set_target_bus("scsi");
  } else if (absl::StartsWith(target, "fd")) {
    disk->set_target_bus("fdc");
    disk->set_device("floppy");
  } else {
    disk->set_target_bus("xen");
  }
  if (disk->type().empty()) disk->set_type("file");
  if (disk->device().empty()) disk->set_device("disk");
  if (disk->device() == "cdrom") disk->set_read_only(true);
}

absl::Status SetAccess(absl::string_view mode, v1::Disk* disk) {
  if (mode == "r" || mode == "ro") {
    disk->set_read_only(true);
  } else if (mode == "w!" || mode == "!") {
    disk->set_shareable(true);
  } else if (!mode.empty() && mode != "w" && mode != "rw") {
    return Invalid(absl::StrCat("access mode ", Printable(mode), " of a disk is not known"));
  }
  return absl::OkStatus();
}

// rbd:POOL/IMAGE:auth_supported=none:mon_host=HOST\:PORT\;HOST...
absl::Status ReadRbd(absl::string_view source, v1::Disk* disk) {
  disk->set_type("network");
  v1::NetworkDiskSource* network = disk->mutable_network_source();
  network->set_protocol("rbd");
  std::vector<std::string> parts = {""};
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\\') {
      // Settings are escaped twice on their way to the emulator.
      while (i + 1 < source.size() && source[i] == '\\') ++i;
      if (source[i] == ':') parts.back().push_back('\1');
      if (source[i] == ';') parts.back().push_back('\2');
      if (source[i] != ':' && source[i] != ';') parts.back().push_back(source[i]);
    } else if (source[i] == ':') {
      parts.emplace_back();
    } else {
      parts.back().push_back(source[i]);
    }
  }
  network->set_name(parts.front());
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view part = parts[i];
    if (absl::ConsumePrefix(&part, "mon_host=")) {
      for (const absl::string_view text : absl::StrSplit(part, '\2', absl::SkipEmpty())) {
        const std::vector<std::string> pair = absl::StrSplit(text, absl::MaxSplits('\1', 1));
        v1::DiskHost* host = network->add_hosts();
        host->set_name(pair[0]);
        uint32_t port = 0;
        if (pair.size() == 2) {
          if (!absl::SimpleAtoi(pair[1], &port) || port > 65535) return Invalid("port of an rbd host is wrong");
          host->set_port(port);
        }
      }
    } else if (absl::ConsumePrefix(&part, "id=")) {
      disk->mutable_authentication()->set_username(std::string(part));
      disk->mutable_authentication()->set_secret_type("ceph");
    } else if (part != "auth_supported=none") {
      return Invalid(absl::StrCat("option ", Printable(part), " of an rbd disk is not known"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Disk> ReadXl(absl::string_view text) {
  v1::Disk disk;
  std::string source, format = "raw", backend, access;
  int position = 0;
  while (!text.empty()) {
    absl::string_view rest = text;
    if (absl::ConsumePrefix(&rest, "target=")) {  // always last: it may have commas
      source = std::string(rest);
      break;
    }
    const size_t comma = text.find(',');
    const absl::string_view item = text.substr(0, comma);
    text = comma == absl::string_view::npos ? absl::string_view() : text.substr(comma + 1);
    const size_t equals = item.find('=');
    const absl::string_view key = equals == absl::string_view::npos ? absl::string_view() : item.substr(0, equals);
    const std::string value(equals == absl::string_view::npos ? item : item.substr(equals + 1));
    const bool named = equals != absl::string_view::npos && key.find('/') == absl::string_view::npos;
    if (!named) {
      switch (position++) {
        case 0: source = std::string(item); break;
        case 1: if (!item.empty()) format = std::string(item); break;
        case 2: disk.set_target_device(std::string(item)); break;
        case 3: access = std::string(item); break;
        default: if (!item.empty()) return Invalid("a disk has more than four positional values");
      }
    } else if (key == "format") {
      format = value;
    } else if (key == "vdev") {
      disk.set_target_device(value);
    } else if (key == "access") {
      access = value;
    } else if (key == "backendtype") {
      backend = value;
    } else if (key == "devtype") {
      disk.set_device(value);
    } else if (key == "backend") {
      disk.set_backend_domain(value);
    } else {
      return Invalid(absl::StrCat("key ", Printable(key), " of a disk is not known"));
    }
  }
  if (disk.target_device().empty()) return Invalid("a disk has no vdev");
  if (auto status = SetAccess(access, &disk); !status.ok()) return status;
  absl::string_view rbd = source;
  if (absl::ConsumePrefix(&rbd, "rbd:")) {
    if (auto status = ReadRbd(rbd, &disk); !status.ok()) return status;
  } else {
    disk.set_source(source);
    disk.set_type(absl::StartsWith(source, "/dev/") || backend == "phy" ? "block" : "file");
  }
  if (backend == "qdisk" || backend == "qemu" || backend.empty()) {
    disk.set_driver_name("qemu");
  } else if (backend == "phy" || backend == "tap") {
    disk.set_driver_name(backend);
  } else {
    return Invalid(absl::StrCat("backendtype ", Printable(backend), " of a disk is not known"));
  }
  disk.set_driver_format(format);
  Complete(&disk);
  return disk;
}

absl::StatusOr<v1::Disk> ReadXm(absl::string_view text) {
  v1::Disk disk;
  const size_t last = text.rfind(',');
  const size_t middle = last == absl::string_view::npos || last == 0 ? absl::string_view::npos : text.rfind(',', last - 1);
  if (middle == absl::string_view::npos) return Invalid("a disk is not SOURCE,DEVICE,MODE");
  if (auto status = SetAccess(text.substr(last + 1), &disk); !status.ok()) return status;
  absl::string_view source = text.substr(0, middle);
  absl::string_view target = text.substr(middle + 1, last - middle - 1);
  absl::ConsumePrefix(&target, "ioemu:");
  if (absl::ConsumeSuffix(&target, ":cdrom")) disk.set_device("cdrom");
  absl::ConsumeSuffix(&target, ":disk");
  disk.set_target_device(std::string(target));
  disk.set_driver_format("raw");
  if (!source.empty()) {
    const size_t colon = source.find(':');
    if (colon != absl::string_view::npos) {
      const std::string driver(source.substr(0, colon));
      disk.set_driver_name(driver);
      source.remove_prefix(colon + 1);
      if (absl::StartsWith(driver, "tap")) {
        const size_t next = source.find(':');
        if (next == absl::string_view::npos) return Invalid("a tap disk has no format");
        const absl::string_view format = source.substr(0, next);
        disk.set_driver_format(format == "aio" ? "raw" : std::string(format));
        source.remove_prefix(next + 1);
      }
    }
    disk.set_source(std::string(source));
    disk.set_type(disk.driver_name() == "phy" || absl::StartsWith(source, "/dev/") ? "block" : "file");
  }
  Complete(&disk);
  return disk;
}

absl::string_view Access(const v1::Disk& disk, bool is_xl) {
  if (disk.read_only()) return is_xl ? "ro" : "r";
  if (disk.shareable()) return is_xl ? "!" : "w!";
  return is_xl ? "rw" : "w";
}

std::string WriteXl(const v1::Disk& disk) {
  const absl::string_view driver = disk.driver_name();
  std::string out = absl::StrCat("format=", disk.driver_format().empty() ? "raw" : disk.driver_format(),
                                 ",vdev=", disk.target_device(), ",access=", Access(disk, true));
  if (driver == "qemu" || driver == "file") {
    absl::StrAppend(&out, ",backendtype=qdisk");
  } else if (!driver.empty()) {
    absl::StrAppend(&out, ",backendtype=", driver);
  }
  if (disk.device() == "cdrom") absl::StrAppend(&out, ",devtype=cdrom");
  if (!disk.backend_domain().empty()) absl::StrAppend(&out, ",backend=", disk.backend_domain());
  if (disk.type() == "network") {
    absl::StrAppend(&out, ",target=rbd:", disk.network_source().name());
    if (disk.has_authentication()) {
      absl::StrAppend(&out, ":id=", disk.authentication().username());
    } else {
      absl::StrAppend(&out, ":auth_supported=none");
    }
    for (int i = 0; i < disk.network_source().hosts_size(); ++i) {
      const v1::DiskHost& host = disk.network_source().hosts(i);
      absl::StrAppend(&out, i == 0 ? ":mon_host=" : "\\\\;", host.name());
      if (host.has_port()) absl::StrAppend(&out, "\\\\:", host.port());
    }
  } else if (!disk.source().empty()) {
    absl::StrAppend(&out, ",target=", disk.source());
  }
  return out;
}

}  // namespace

absl::StatusOr<v1::Disk> ReadXenDisk(absl::string_view text, XenDialect dialect) {
  return dialect == XenDialect::kXl ? ReadXl(text) : ReadXm(text);
}

absl::StatusOr<std::string> WriteXenDisk(const v1::Disk& disk, XenDialect dialect) {
  const bool network = disk.type() == "network";
  if (disk.type() == "volume" || disk.type() == "dir" ||
      (network && (dialect == XenDialect::kXm || disk.network_source().protocol() != "rbd"))) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("disk ", disk.target_device(), " has a source that the format cannot express"));
  }
  if (dialect == XenDialect::kXl) return WriteXl(disk);
  std::string out;
  if (!disk.source().empty()) {
    const std::string& driver = disk.driver_name();
    if (driver.empty()) {
      absl::StrAppend(&out, disk.type() == "block" ? "phy:" : "file:");
    } else if (absl::StartsWith(driver, "tap")) {
      const std::string& format = disk.driver_format();
      absl::StrAppend(&out, driver, ":", format.empty() || format == "raw" ? "aio" : format, ":");
    } else {
      absl::StrAppend(&out, driver, ":");
    }
    absl::StrAppend(&out, disk.source());
  }
  return absl::StrCat(out, ",", disk.target_device(), disk.device() == "cdrom" ? ":cdrom" : "", ",", Access(disk, false));
}

}  // namespace reeve::formats
