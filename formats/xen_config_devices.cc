// Ports, channels, PCI devices, sound cards; what Xen's bus may have.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "formats/text.h"
#include "formats/xen_character_text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"
#include "formats/xen_sound_text.h"

namespace reeve::formats {
namespace {

// Beyond it a list of serial ports would be mostly empty.
constexpr uint32_t kMaxPorts = 256;
constexpr int64_t kMaxLimit = 0xFFFFFFFF;

using Character = v1::CharacterDevice;

void ReadPort(XenConfigReader* reader, const XenPiece& piece, uint32_t port,
              google::protobuf::RepeatedPtrField<Character>* ports) {
  const auto character = ParseXenCharacterText(piece.text);
  if (!character.ok()) return reader->Fail(piece.offset, character.status().message());
  if (!*character) return;
  Character* device = ports->Add();
  device->set_type((*character)->type);
  device->set_target_port(port);
  if ((*character)->source.ByteSizeLong() != 0) *device->mutable_source() = (*character)->source;
}

// "none" where there is no port, and where its text has no form, which is told.
std::string PortText(const Character* device, const std::string& field, XenConfigWriter* writer) {
  if (device == nullptr) return "none";
  auto text = WriteXenCharacterText(device->type(), device->source());
  if (text.ok()) return *std::move(text);
  writer->faults.push_back({field, std::string(text.status().message())});
  return "none";
}

const Character* PortOf(const google::protobuf::RepeatedPtrField<Character>& ports, uint32_t number) {
  for (const Character& port : ports) {
    if (port.target_port() == number) return &port;
  }
  return nullptr;
}

void ReadChannel(XenConfigReader* reader, const XenPiece& piece, Character* channel) {
  absl::string_view connection;
  channel->set_target_type("xen");
  for (const XenOption& option : SplitXenOptions(piece)) {
    const absl::string_view key = option.key.text;
    if (key == "connection") {
      connection = option.value.text;
    } else if (key == "name") {
      channel->set_target_name(std::string(option.value.text));
    } else if (key == "path") {
      channel->mutable_source()->set_path(std::string(option.value.text));
    } else {
      reader->Fail(option.key.offset, absl::StrCat("has '", Printable(key), "', which is not known"),
                   v1::REASON_DOCUMENT_UNKNOWN);
    }
  }
  if (connection == "socket") {
    channel->set_type("unix");
    channel->mutable_source()->set_mode("bind");
  } else if (connection == "pty") {
    channel->set_type("pty");
    if (channel->has_source()) reader->Warn(piece.offset, "has a path for a terminal, which is ignored");
    channel->clear_source();
  } else {
    reader->Fail(piece.offset, "has a channel whose connection is neither socket nor pty", v1::REASON_DOCUMENT_UNKNOWN);
  }
}

std::string ChannelText(const Character& channel) {
  const std::string path = channel.type() == "unix" ? channel.source().path() : "";
  return absl::StrCat("connection=", channel.type() == "unix" ? "socket" : "pty", path.empty() ? "" : ",path=", path,
                      ",name=", channel.target_name());
}

// "01:1a.1", "0000:01:1a.1".
bool ReadPciAddress(XenConfigReader* reader, const XenPiece& piece, v1::HostPciDevice* device) {
  const std::vector<absl::string_view> parts = absl::StrSplit(piece.text, absl::ByAnyChar(":."));
  const bool has_domain = std::count(piece.text.begin(), piece.text.end(), ':') == 2;
  const size_t dot = piece.text.find('.');
  if (parts.size() != (has_domain ? 4U : 3U) || dot == absl::string_view::npos ||
      piece.text.find(':', dot) != absl::string_view::npos) {
    reader->Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "', not such as 0000:01:1a.1"));
    return false;
  }
  constexpr int64_t kMost[] = {0xFFFF, 0xFF, 0x1F, 7};
  void (v1::HostPciDevice::*const set[])(uint32_t) = {&v1::HostPciDevice::set_domain, &v1::HostPciDevice::set_bus,
                                                      &v1::HostPciDevice::set_slot, &v1::HostPciDevice::set_function};
  const size_t first = has_domain ? 0 : 1;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto offset = static_cast<size_t>(parts[i].data() - piece.text.data());
    const auto number = reader->Number({parts[i], piece.offset + offset}, 16, 0, kMost[first + i]);
    if (!number) return false;
    (device->*set[first + i])(static_cast<uint32_t>(*number));
  }
  return true;
}

void ReadPciDevice(XenConfigReader* reader, const XenPiece& piece, v1::HostPciDevice* device) {
  const std::vector<XenOption> options = SplitXenOptions(piece);
  device->set_managed(false);
  if (!ReadPciAddress(reader, {options[0].value.text, options[0].value.offset}, device)) return;
  for (size_t i = 1; i < options.size(); ++i) {
    const XenOption& option = options[i];
    if (option.key.text == "permissive") {
      const auto permissive = reader->Number(option.value, 10, 0, 1);
      if (permissive) device->set_write_filtering(*permissive == 0);
    } else if (option.key.text == "seize") {
      const auto seize = reader->Number(option.value, 10, 0, 1);
      if (seize) device->set_managed(*seize != 0);
    } else {
      const absl::string_view shown = option.key.text.empty() ? option.value.text : option.key.text;
      reader->Warn(option.key.offset, absl::StrCat("has '", Printable(shown), "', which has no form and is ignored"));
    }
  }
}

std::string PciText(const v1::HostPciDevice& device) {
  const char* permissive = !device.has_write_filtering() ? ""
                           : device.write_filtering()    ? ",permissive=0"
                                                         : ",permissive=1";
  return absl::StrCat(
      absl::StrFormat("%04x:%02x:%02x.%x", device.domain(), device.bus(), device.slot(), device.function()), permissive,
      device.managed() ? ",seize=1" : "");
}

}  // namespace

void ReadXenPorts(XenConfigReader* reader, v1::DomainSpec* spec) {
  if (!IsXenHvm(*spec)) return;
  v1::Devices* devices = spec->mutable_devices();
  if (const auto text = reader->TakeText("parallel")) {
    reader->Remember("spec.devices.parallels", text->offset);
    ReadPort(reader, *text, 0, devices->mutable_parallels());
  }
  uint32_t port = 0;
  for (const XenPiece& piece : reader->TakeTextOrList("serial")) {
    reader->Remember("spec.devices.serials", piece.offset);
    ReadPort(reader, piece, port++, devices->mutable_serials());
  }
}

void WriteXenPorts(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec)) return;
  const v1::Devices& devices = spec.devices();
  writer->Text("parallel", PortText(PortOf(devices.parallels(), 0), "spec.devices.parallels[0]", writer));
  uint32_t count = 0;
  for (const Character& port : devices.serials()) count = std::max(count, port.target_port() + 1);
  if (count <= 1)
    return writer->Text("serial", PortText(PortOf(devices.serials(), 0), "spec.devices.serials[0]", writer));
  if (count > kMaxPorts) {
    writer->faults.push_back({"spec.devices.serials", absl::StrCat("has a port beyond ", kMaxPorts - 1)});
    return;
  }
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < count; ++i)
    texts.push_back(PortText(PortOf(devices.serials(), i), "spec.devices.serials", writer));
  writer->List("serial", texts);
}

void ReadXenChannels(XenConfigReader* reader, v1::DomainSpec* spec) {
  int place = 0;
  for (const XenPiece& piece : reader->TakeList("channel")) {
    reader->Remember(absl::StrCat("spec.devices.channels[", place++, "]"), piece.offset);
    ReadChannel(reader, piece, spec->mutable_devices()->add_channels());
  }
}

void WriteXenChannels(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> texts;
  for (const Character& channel : spec.devices().channels()) texts.push_back(ChannelText(channel));
  writer->List("channel", texts);
}

void ReadXenPci(XenConfigReader* reader, v1::DomainSpec* spec) {
  for (const XenPiece& piece : reader->TakeList("pci")) {
    reader->Remember(absl::StrCat("spec.devices.host_devices[", spec->devices().host_devices_size(), "]"),
                     piece.offset);
    ReadPciDevice(reader, piece, spec->mutable_devices()->add_host_devices()->mutable_pci());
  }
}

void WriteXenPci(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> texts;
  for (const v1::HostDevice& device : spec.devices().host_devices()) {
    if (device.has_pci()) texts.push_back(PciText(device.pci()));
  }
  writer->List("pci", texts);
}

void ReadXenSounds(XenConfigReader* reader, v1::DomainSpec* spec) {
  const auto text = IsXenHvm(*spec) ? reader->TakeFilledText("soundhw") : std::nullopt;
  if (!text) return;
  reader->Remember("spec.devices.sounds", text->offset);
  const absl::Status status = ParseXenSoundText(text->text, spec->mutable_devices());
  if (!status.ok()) reader->Fail(text->offset, status.message());
}

void WriteXenSounds(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec)) return;
  const auto text = WriteXenSoundText(spec.devices());
  if (text.ok()) {
    writer->OptionalText("soundhw", *text);
  } else {
    writer->faults.push_back({"spec.devices.sounds", std::string(text.status().message())});
  }
}

void ReadXenLimits(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::Controller* controller = spec->mutable_devices()->add_controllers();
  controller->set_type("xenbus");
  controller->set_index(0);
  const int64_t channels = reader->TakeNumber("max_event_channels", 0, kMaxLimit).value_or(0);
  const int64_t frames = reader->TakeNumber("max_grant_frames", 0, kMaxLimit).value_or(0);
  if (channels != 0) controller->set_maximum_event_channels(static_cast<uint32_t>(channels));
  if (frames != 0) controller->set_maximum_grant_frames(static_cast<uint32_t>(frames));
}

void WriteXenLimits(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  for (const v1::Controller& controller : spec.devices().controllers()) {
    if (controller.type() != "xenbus") continue;
    if (controller.has_maximum_event_channels()) {
      writer->Number("max_event_channels", controller.maximum_event_channels());
    }
    if (controller.has_maximum_grant_frames()) {
      writer->Number("max_grant_frames", controller.maximum_grant_frames());
    }
  }
}

}  // namespace reeve::formats
