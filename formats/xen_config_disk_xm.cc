// disk of xm: "phy:/dev/vg/a,hda,w", "tap:aio:/a.img,xvda,r", ",hdc:cdrom,r".
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/domain_words.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"

namespace reeve::formats {
namespace {

bool IsTap(absl::string_view driver) {
  return driver == "tap" || driver == "tap2";
}

// The words before the path; those of tap say the format too.
void ReadSource(XenConfigReader* reader, const XenPiece& piece, v1::Disk* disk) {
  absl::string_view path = piece.text;
  const size_t colon = path.find(':');
  if (colon != absl::string_view::npos) {
    disk->set_driver_name(std::string(path.substr(0, colon)));
    path = path.substr(colon + 1);
  }
  if (IsTap(disk->driver_name())) {
    const size_t end = path.find(':');
    const absl::string_view format = path.substr(0, end);
    const bool known = std::find(kImageFormats.begin(), kImageFormats.end(), format) != kImageFormats.end();
    if (end == absl::string_view::npos || format == "none" || (format != "aio" && !known)) {
      reader->Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "' without a format that is known"));
      return;
    }
    disk->set_driver_format(format == "aio" ? "raw" : std::string(format));
    path = path.substr(end + 1);
  }
  disk->set_source(std::string(path));
}

void ReadDisk(XenConfigReader* reader, const XenPiece& piece, const v1::DomainSpec& spec, v1::Disk* disk) {
  // A path may have commas, the two last parts have none.
  const size_t last = piece.text.rfind(',');
  const size_t middle =
      last == 0 || last == absl::string_view::npos ? absl::string_view::npos : piece.text.rfind(',', last - 1);
  if (middle == absl::string_view::npos) {
    reader->Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "', not SOURCE,DEVICE,MODE"));
    return;
  }
  ReadSource(reader, {piece.text.substr(0, middle), piece.offset}, disk);
  if (disk->driver_name().empty()) disk->set_driver_name("phy");
  disk->set_type(disk->driver_name() == "phy" ? "block" : "file");

  absl::string_view device = piece.text.substr(middle + 1, last - middle - 1);
  absl::ConsumePrefix(&device, "ioemu:");
  disk->set_device(absl::ConsumeSuffix(&device, ":cdrom") ? "cdrom" : "disk");
  absl::ConsumeSuffix(&device, ":disk");
  disk->set_target_device(std::string(device));
  disk->set_target_bus(XenDiskBus(device, spec));

  const XenPiece mode = {piece.text.substr(last + 1), piece.offset + last + 1};
  if (mode.text == "r" || mode.text == "ro") {
    disk->set_read_only(true);
  } else if (mode.text == "!" || mode.text == "w!") {
    disk->set_shareable(true);
  } else if (mode.text != "w" && mode.text != "rw") {
    reader->Fail(mode.offset, absl::StrCat("has the mode '", Printable(mode.text), "', not r, w or w!"),
                 v1::REASON_DOCUMENT_UNKNOWN);
  }
}

std::string TextOf(const v1::Disk& disk) {
  std::string text;
  if (!disk.source().empty()) {
    const bool block = disk.type() == "block";
    absl::StrAppend(&text, disk.driver_name().empty() ? (block ? "phy" : "file") : disk.driver_name(), ":");
    if (IsTap(disk.driver_name())) {
      absl::StrAppend(&text, disk.driver_format() == "raw" ? "aio" : disk.driver_format(), ":");
    }
    absl::StrAppend(&text, disk.source());
  }
  absl::StrAppend(&text, ",", disk.target_device(), disk.device() == "cdrom" ? ":cdrom" : "");
  return absl::StrCat(text, disk.read_only() ? ",r" : disk.shareable() ? ",!" : ",w");
}

}  // namespace

void ReadXenXmDisks(XenConfigReader* reader, v1::DomainSpec* spec) {
  int place = 0;
  for (const XenPiece& piece : reader->TakeList("disk")) {
    reader->Remember(absl::StrCat("spec.devices.disks[", place++, "]"), piece.offset);
    ReadDisk(reader, piece, *spec, spec->mutable_devices()->add_disks());
  }
}

void WriteXenXmDisks(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> texts;
  for (const v1::Disk& disk : spec.devices().disks()) texts.push_back(TextOf(disk));
  writer->List("disk", texts);
}

}  // namespace reeve::formats
