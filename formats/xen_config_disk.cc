// disk of xl (xl-disk-configuration(5)): "format=raw,vdev=hda,access=rw,backendtype=phy,target=/dev/vg/a", or by
// position: "/dev/vg/a,raw,hda,rw".
#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

// What stands before a path in files that were made for xm. The first row says the format too.
constexpr std::array<absl::string_view, 5> kFormatPrefixes = {"raw:", "qcow:", "qcow2:", "vhd:", "qed:"};
constexpr std::array<absl::string_view, 6> kPlainPrefixes = {"phy:", "file:", "tapdisk:", "tap:", "tap2:", "aio:"};

// One disk while it is read: values by position go to the first of target, format, vdev and access that has none.
struct Draft {
  v1::Disk* disk;
  std::optional<XenPiece> target;
  bool has_format = false;
  bool has_device = false;
  bool has_access = false;
  bool writable = true;
  bool cdrom = false;
  absl::string_view backend;
};

void Unknown(XenConfigReader* reader, const XenPiece& piece, absl::string_view what) {
  reader->Fail(piece.offset, absl::StrCat("has the ", what, " '", Printable(piece.text), "', which is not known"),
               v1::REASON_DOCUMENT_UNKNOWN);
}

void SetFormat(XenConfigReader* reader, const XenPiece& piece, Draft* draft) {
  absl::string_view format = piece.text;
  draft->has_format = true;
  if (format.empty()) return;
  if (format == "xvhd") format = "vhd";  // as libvirt writes it
  if (format == "empty") format = "raw";
  for (const absl::string_view known : {"raw", "qcow", "qcow2", "vhd", "qed"}) {
    if (format == known) return draft->disk->set_driver_format(std::string(format));
  }
  Unknown(reader, piece, "format");
}

void SetDevice(XenConfigReader* reader, const XenPiece& piece, Draft* draft) {
  absl::string_view device = piece.text;
  draft->has_device = true;
  absl::ConsumePrefix(&device, "ioemu:");
  const size_t colon = device.find(':');
  if (colon != absl::string_view::npos) {
    draft->cdrom = device.substr(colon) == ":cdrom";
    if (!draft->cdrom && device.substr(colon) != ":disk") Unknown(reader, piece, "device");
    device = device.substr(0, colon);
  }
  draft->disk->set_target_device(std::string(device));
}

void SetAccess(XenConfigReader* reader, const XenPiece& piece, Draft* draft) {
  const absl::string_view access = piece.text;
  draft->has_access = true;
  if (access == "r" || access == "ro") {
    draft->writable = false;
  } else if (access == "!" || access == "w!") {
    draft->disk->set_shareable(true);
  } else if (!access.empty() && access != "w" && access != "rw") {
    Unknown(reader, piece, "access");
  }
}

void SetBackend(XenConfigReader* reader, const XenPiece& piece, Draft* draft) {
  draft->backend = piece.text;
  for (const absl::string_view known : {"", "phy", "tap", "qdisk"}) {
    if (piece.text == known) return;
  }
  Unknown(reader, piece, "back end");
}

// Takes the old words from before a path; with one the format has no position of its own.
void SetTarget(XenConfigReader* reader, XenPiece piece, Draft* draft) {
  for (bool again = true; again;) {
    again = false;
    const auto take = [&](absl::string_view prefix) {
      if (!absl::StartsWith(piece.text, absl::StrCat(prefix, "/"))) return false;
      piece = {piece.text.substr(prefix.size()), piece.offset + prefix.size()};
      draft->has_format = true;
      again = true;
      return true;
    };
    for (const absl::string_view prefix : kPlainPrefixes) take(prefix);
    for (const absl::string_view prefix : kFormatPrefixes) {
      const absl::string_view format = absl::StripSuffix(prefix, ":");
      if (take(prefix)) SetFormat(reader, {format, piece.offset}, draft);
    }
  }
  draft->target = piece;
}

void ReadPosition(XenConfigReader* reader, const XenPiece& piece, Draft* draft) {
  if (piece.text == "cdrom") {
    draft->cdrom = true;
  } else if (piece.text == "discard" || piece.text == "no-discard") {
    draft->disk->set_driver_discard(piece.text == "discard" ? "unmap" : "ignore");
  } else if (piece.text == "direct-io-safe") {
    reader->Warn(piece.offset, "has direct-io-safe, which has no form and is ignored");
  } else if (!draft->target) {
    SetTarget(reader, piece, draft);
  } else if (!draft->has_format) {
    SetFormat(reader, piece, draft);
  } else if (!draft->has_device) {
    SetDevice(reader, piece, draft);
  } else if (!draft->has_access) {
    SetAccess(reader, piece, draft);
  } else if (!piece.text.empty()) {
    reader->Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "' after all that has a position"));
  }
}

void ReadKeyword(XenConfigReader* reader, const XenOption& option, Draft* draft) {
  const absl::string_view key = option.key.text;
  const XenPiece& value = option.value;
  if (key == "format") {
    SetFormat(reader, value, draft);
  } else if (key == "vdev") {
    SetDevice(reader, value, draft);
  } else if (key == "access") {
    SetAccess(reader, value, draft);
  } else if (key == "backendtype") {
    SetBackend(reader, value, draft);
  } else if (key == "devtype") {
    draft->cdrom = value.text == "cdrom";
    if (value.text != "cdrom" && value.text != "disk" && !value.text.empty()) Unknown(reader, value, "type");
  } else if (key == "backend") {
    draft->disk->set_backend_domain(std::string(value.text));
  } else if (key == "script") {
    reader->Fail(option.key.offset, "has a script, which has no form", v1::REASON_SPEC_UNSUPPORTED);
  } else {
    Unknown(reader, option.key, "option");
  }
}

bool IsKeyword(absl::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

void ReadOptions(XenConfigReader* reader, const XenPiece& text, Draft* draft) {
  for (const XenOption& option : SplitXenOptions(text)) {
    if (option.key.text == "target") {
      // It is all of the rest, with the commas in it.
      draft->target = XenPiece{text.text.substr(option.value.offset - text.offset), option.value.offset};
      return;
    }
    if (IsKeyword(option.key.text)) {
      ReadKeyword(reader, option, draft);
    } else {
      // A path may have a sign of equality in it.
      const size_t start = option.key.offset - text.offset;
      const size_t end = option.value.offset - text.offset + option.value.text.size();
      ReadPosition(reader, {text.text.substr(start, end - start), option.key.offset}, draft);
    }
  }
}

void SettleDisk(XenConfigReader* reader, const Draft& draft) {
  v1::Disk* disk = draft.disk;
  const absl::string_view target = draft.target ? draft.target->text : absl::string_view();
  disk->set_read_only(!draft.writable || draft.cdrom);
  disk->set_device(draft.cdrom ? "cdrom" : "disk");
  if (disk->driver_format().empty()) disk->set_driver_format("raw");
  const bool block = draft.backend == "phy";
  disk->set_type(block ? "block" : "file");
  disk->set_driver_name(block ? "phy" : draft.backend == "tap" ? "tap" : "qemu");
  if (absl::StartsWith(target, "rbd:")) {
    disk->set_type("network");
    ReadXenRbd(reader, *draft.target, disk);
  } else {
    disk->set_source(std::string(target));
  }
}

absl::string_view BackendOf(const v1::Disk& disk) {
  if (disk.driver_name() == "qemu" || disk.driver_name() == "file") return "qdisk";
  if (disk.driver_name() == "tap" || disk.driver_name() == "phy") return disk.driver_name();
  return "";
}

std::string TextOf(const v1::Disk& disk) {
  const absl::string_view format = disk.driver_format().empty() ? "raw" : absl::string_view(disk.driver_format());
  const char* access = disk.read_only() ? "ro" : disk.shareable() ? "!" : "rw";
  std::string text = absl::StrCat("format=", format, ",vdev=", disk.target_device(), ",access=", access);
  if (!BackendOf(disk).empty()) absl::StrAppend(&text, ",backendtype=", BackendOf(disk));
  if (disk.device() == "cdrom") absl::StrAppend(&text, ",devtype=cdrom");
  if (!disk.backend_domain().empty()) absl::StrAppend(&text, ",backend=", disk.backend_domain());
  if (!disk.driver_discard().empty())
    absl::StrAppend(&text, disk.driver_discard() == "unmap" ? "," : ",no-", "discard");
  if (disk.has_network_source()) {
    absl::StrAppend(&text, ",target=", WriteXenRbd(disk));
  } else if (!disk.source().empty()) {
    absl::StrAppend(&text, ",target=", disk.source());
  }
  return text;
}

}  // namespace

std::string XenDiskBus(absl::string_view target, const v1::DomainSpec& spec) {
  if (!IsXenHvm(spec) || absl::StartsWith(target, "xvd")) return "xen";
  return absl::StartsWith(target, "sd") ? "scsi" : "ide";
}

void ReadXenXlDisks(XenConfigReader* reader, v1::DomainSpec* spec) {
  int place = 0;
  for (const XenPiece& piece : reader->TakeList("disk")) {
    reader->Remember(absl::StrCat("spec.devices.disks[", place++, "]"), piece.offset);
    Draft draft{.disk = spec->mutable_devices()->add_disks()};
    ReadOptions(reader, piece, &draft);
    if (draft.disk->target_device().empty()) reader->Fail(piece.offset, "has a disk without a name (vdev)");
    SettleDisk(reader, draft);
    draft.disk->set_target_bus(XenDiskBus(draft.disk->target_device(), *spec));
  }
}

void WriteXenXlDisks(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> texts;
  for (const v1::Disk& disk : spec.devices().disks()) texts.push_back(TextOf(disk));
  writer->List("disk", texts);
}

}  // namespace reeve::formats
