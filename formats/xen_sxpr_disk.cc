// Disks: "(device (vbd (dev 'hda:disk')(uname 'file:/root/foo.img')(mode 'w')))", where vbd may be tap or tap2.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/domain_words.h"
#include "formats/text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

using Disk = v1::Disk;

constexpr absl::string_view kWithoutEffect[] = {"uuid",     "driver", "bootable",    "protocol",     "VDI",
                                                "location", "type",   "device-type", "other_config", "security_label"};

// What stands before the first colon, which is taken off; nothing without a colon.
std::optional<absl::string_view> TakePrefix(absl::string_view* text) {
  const size_t colon = text->find(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const absl::string_view prefix = text->substr(0, colon);
  text->remove_prefix(colon + 1);
  return prefix;
}

// "phy:/dev/vg/lv", "file:/a.img", "tap:aio:/a.img", "tap2:qcow:/a.img".
void ReadSource(XenSxprReader* reader, const SExpression& list, absl::string_view text, Disk* disk) {
  const absl::string_view whole = text;
  const auto driver = TakePrefix(&text);
  if (!driver) return reader->Fail(list, absl::StrCat("is '", Printable(whole), "', which names no driver"));
  disk->set_driver_name(std::string(*driver));
  if (*driver == "tap" || *driver == "tap2") {
    const auto format = TakePrefix(&text);
    if (!format) return reader->Fail(list, absl::StrCat("is '", Printable(whole), "', which names no format"));
    const bool known = std::find(kImageFormats.begin(), kImageFormats.end(), *format) != kImageFormats.end();
    if (!known && *format != "aio") {
      return reader->Fail(list, absl::StrCat("has the format '", Printable(*format), "', which is not known"));
    }
    disk->set_driver_format(*format == "aio" ? "raw" : std::string(*format));
  } else if (*driver == "phy") {
    disk->set_type("block");
  } else if (*driver != "file") {
    return reader->Fail(list, absl::StrCat("has the driver '", Printable(*driver), "', which is not known"));
  }
  disk->set_source(std::string(text));
}

absl::string_view BusOf(absl::string_view target) {
  if (absl::StartsWith(target, "xvd")) return "xen";
  if (absl::StartsWith(target, "sd")) return "scsi";
  return "ide";
}

void ReadMode(XenSxprReader* reader, const SExpression& list, Disk* disk) {
  const absl::string_view mode = reader->Text(list, "mode").value_or("w");
  if (mode == "r" || mode == "ro" || mode == "r!") disk->set_read_only(true);
  if (mode == "w!" || mode == "!" || mode == "r!") disk->set_shareable(true);
  for (const absl::string_view known : {"r", "ro", "r!", "w", "rw", "w!", "!"}) {
    if (mode == known) return;
  }
  reader->Fail(*reader->Take(list, "mode"), absl::StrCat("is '", Printable(mode), "', which is not known"));
}

// The domain that has the other end: a name; what xend says of a running guest is a number, of the control domain.
void ReadBackend(XenSxprReader* reader, const SExpression& list, std::string* backend) {
  const auto text = reader->Text(list, "backend");
  int64_t number = 0;
  if (!text) return;
  if (!absl::SimpleAtoi(*text, &number)) {
    *backend = std::string(*text);
  } else if (number != 0) {
    reader->Warn(*reader->Take(list, "backend"), "is a domid of the running domain and is ignored");
  }
}

void ReadDisk(XenSxprReader* reader, const SExpression& list, Disk* disk) {
  disk->set_type("file");
  disk->set_device("disk");
  absl::string_view target = reader->Text(list, "dev").value_or("");
  if (target.empty()) return reader->Fail(list, "has no dev");
  absl::ConsumePrefix(&target, "ioemu:");
  if (const size_t colon = target.rfind(':'); colon != absl::string_view::npos) {
    const absl::string_view device = target.substr(colon + 1);
    if (device == "cdrom" || device == "floppy") {
      disk->set_device(std::string(device));
    } else if (device != "disk") {
      reader->Fail(*reader->Take(list, "dev"), absl::StrCat("is a '", Printable(device), "', which is not known"));
    }
    target = target.substr(0, colon);
  }
  disk->set_target_device(std::string(target));
  disk->set_target_bus(std::string(BusOf(target)));
  if (const auto source = reader->Text(list, "uname")) {
    ReadSource(reader, *reader->Take(list, "uname"), *source, disk);
  } else if (disk->device() == "disk") {
    reader->Fail(list, "has no uname");
  }
  ReadMode(reader, list, disk);
  ReadBackend(reader, list, disk->mutable_backend_domain());
  reader->Finish(list, kWithoutEffect);
}

void AddImageDisk(absl::string_view device, absl::string_view target, absl::string_view bus, absl::string_view source,
                  v1::Devices* result) {
  Disk* disk = result->add_disks();
  disk->set_type("file");
  disk->set_device(std::string(device));
  disk->set_source(std::string(source));
  disk->set_target_device(std::string(target));
  disk->set_target_bus(std::string(bus));
}

// Floppies are said in the image; so was the CD-ROM of old, which is said again as a device since.
void ReadImageDisks(XenSxprReader* reader, const SExpression& image, v1::Devices* result) {
  for (const char* name : {"fda", "fdb"}) {
    if (const auto source = reader->Text(image, name)) {
      reader->Remember(XenSxprDevicePath("disks", result->disks_size()), *reader->Take(image, name));
      AddImageDisk("floppy", name, "fdc", *source, result);
    }
  }
  const auto cdrom = reader->Text(image, "cdrom");
  if (!cdrom) return;
  const auto& disks = result->disks();
  const bool there =
      std::any_of(disks.begin(), disks.end(), [](const Disk& disk) { return disk.target_device() == "hdc"; });
  if (there) return reader->Warn(*reader->Take(image, "cdrom"), "is there as a device too, which is taken instead");
  AddImageDisk("cdrom", "hdc", "ide", *cdrom, result);
  result->mutable_disks(result->disks_size() - 1)->set_read_only(true);
}

absl::string_view HeadOf(const Disk& disk) {
  if (disk.driver_name() == "tap" || disk.driver_name() == "tap2") return disk.driver_name();
  return "vbd";
}

std::string UnameOf(const Disk& disk) {
  if (HeadOf(disk) != "vbd") {
    const std::string& format = disk.driver_format();
    return absl::StrCat(disk.driver_name(), ":", format.empty() || format == "raw" ? "aio" : format, ":",
                        disk.source());
  }
  if (!disk.driver_name().empty()) return absl::StrCat(disk.driver_name(), ":", disk.source());
  if (disk.type() != "block") return absl::StrCat("file:", disk.source());
  return absl::StrCat("phy:", absl::StartsWith(disk.source(), "/") ? "" : "/dev/", disk.source());
}

}  // namespace

void ReadXenSxprDisks(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                      v1::Devices* result) {
  for (const SExpression* device : devices) {
    for (const char* head : {"vbd", "tap", "tap2"}) {
      for (const SExpression* list : reader->TakeAll(*device, head)) {
        reader->Remember(XenSxprDevicePath("disks", result->disks_size()), *list);
        ReadDisk(reader, *list, result->add_disks());
      }
    }
  }
  if (tree.hvm) ReadImageDisks(reader, *tree.image, result);
}

void WriteXenSxprFloppies(const v1::Devices& devices, XenSxprDraft* image) {
  for (const Disk& disk : devices.disks()) {
    if (disk.device() == "floppy") image->AddQuoted(disk.target_device(), disk.source());
  }
}

void WriteXenSxprDisks(const v1::DomainSpec& spec, XenSxprDraft* root) {
  const bool hvm = spec.os().type() == "hvm";
  for (int i = 0; i < spec.devices().disks_size(); ++i) {
    const Disk& disk = spec.devices().disks(i);
    if (hvm && disk.device() == "floppy") continue;
    if (disk.type() == "network" || disk.type() == "volume" || disk.type() == "dir") {
      root->faults.push_back(absl::StrCat(XenSxprDevicePath("disks", i), ".type is ", disk.type(),
                                          ", which has no form in S-expressions"));
      continue;
    }
    SExpression list = SExpression::List(HeadOf(disk));
    const bool cdrom = disk.device() == "cdrom";
    const absl::string_view device = cdrom ? ":cdrom" : hvm ? ":disk" : "";
    list.Add(SExpression::List("dev", {SExpression::Quoted(absl::StrCat(disk.target_device(), device))}));
    if (!disk.source().empty()) list.Add(SExpression::List("uname", {SExpression::Quoted(UnameOf(disk))}));
    const bool read_only = disk.read_only() || cdrom;
    const absl::string_view mode = read_only ? (disk.shareable() ? "r!" : "r") : disk.shareable() ? "w!" : "w";
    list.Add(SExpression::List("mode", {SExpression::Quoted(mode)}));
    if (!disk.backend_domain().empty()) {
      list.Add(SExpression::List("backend", {SExpression::Quoted(disk.backend_domain())}));
    }
    root->AddDevice(std::move(list));
  }
}

}  // namespace reeve::formats
