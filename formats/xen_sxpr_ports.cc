// Serial and parallel ports, sound cards and USB devices, which only HVM has, all of them in the image.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_character_text.h"
#include "formats/xen_sound_text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

using Device = v1::CharacterDevice;

// More ports than these no emulator has.
constexpr uint32_t kMaxPort = 15;

// Adds the port that an atom says, if it says one.
void ReadPort(XenSxprReader* reader, const SExpression& list, const SExpression& value, uint32_t port,
              google::protobuf::RepeatedPtrField<Device>* devices) {
  if (value.is_list) return reader->Fail(list, "has a list where a port should be");
  auto character = ParseXenCharacterText(value.atom);
  if (!character.ok()) return reader->Fail(list, character.status().message());
  if (!character->has_value()) return;
  Device* device = devices->Add();
  device->set_type((*character)->type);
  device->set_target_port(port);
  if ((*character)->source.ByteSizeLong() != 0) *device->mutable_source() = (*character)->source;
}

// "(serial pty)", or a port for each number: "(serial (none /dev/ttyS1))".
void ReadSerials(XenSxprReader* reader, const SExpression& image, v1::Devices* result) {
  const SExpression* list = reader->Take(image, "serial");
  if (list == nullptr || list->items.size() < 2) return;
  reader->Remember("spec.devices.serials", *list);
  if (list->items.size() > 2) return reader->Fail(*list, "has not one value");
  if (!list->items[1].is_list) return ReadPort(reader, *list, list->items[1], 0, result->mutable_serials());
  const auto& ports = list->items[1].items;
  if (ports.size() > kMaxPort + 1) return reader->Fail(*list, "has too many ports");
  for (size_t i = 0; i < ports.size(); ++i) {
    ReadPort(reader, *list, ports[i], static_cast<uint32_t>(i), result->mutable_serials());
  }
}

void ReadParallel(XenSxprReader* reader, const SExpression& image, v1::Devices* result) {
  const SExpression* list = reader->Take(image, "parallel");
  if (list == nullptr || list->items.size() < 2) return;
  reader->Remember("spec.devices.parallels", *list);
  if (list->items.size() > 2) return reader->Fail(*list, "has not one value");
  ReadPort(reader, *list, list->items[1], 0, result->mutable_parallels());
}

void ReadUsb(XenSxprReader* reader, const SExpression& image, v1::Devices* result) {
  reader->Flag(image, "usb");
  for (const SExpression* list : reader->TakeAll(image, "usbdevice")) {
    if (list->items.size() < 2 || list->items[1].atom.empty()) continue;
    const std::string& name = list->items[1].atom;
    if (list->items.size() > 2 || (name != "tablet" && name != "mouse" && name != "keyboard")) {
      reader->Fail(*list, absl::StrCat("is '", Printable(name), "', not tablet, mouse or keyboard"));
      continue;
    }
    v1::Input* input = result->add_inputs();
    input->set_type(name);
    input->set_bus("usb");
  }
}

std::string PortText(const Device& device, const std::string& path, XenSxprDraft* image) {
  const auto text = WriteXenCharacterText(device.type(), device.source());
  if (text.ok()) return *text;
  image->faults.push_back(absl::StrCat(path, " ", text.status().message(), ", which has no form in S-expressions"));
  return "none";
}

SExpression Word(absl::string_view text) {
  const bool plain = text.find_first_of(" \t\n\r()'\"\\") == absl::string_view::npos;
  return plain ? SExpression::Atom(text) : SExpression::Quoted(text);
}

void WriteSerials(const v1::Devices& devices, XenSxprDraft* image) {
  std::map<uint32_t, std::string> texts;
  for (int i = 0; i < devices.serials_size(); ++i) {
    const Device& serial = devices.serials(i);
    const std::string path = XenSxprDevicePath("serials", i);
    const uint32_t port = serial.has_target_port() ? serial.target_port() : static_cast<uint32_t>(i);
    if (port > kMaxPort || !texts.emplace(port, PortText(serial, path, image)).second) {
      image->faults.push_back(absl::StrCat(path, ".target_port is ", port, ", which is too large or there twice"));
    }
  }
  const uint32_t last = texts.empty() ? 0 : texts.rbegin()->first;
  if (last == 0) return image->AddWord("serial", texts.empty() ? "none" : texts[0]);
  SExpression ports;
  ports.is_list = true;
  for (uint32_t port = 0; port <= last; ++port) {
    const auto found = texts.find(port);
    ports.Add(found == texts.end() ? SExpression::Atom("none") : Word(found->second));
  }
  image->list.Add(SExpression::List("serial", {std::move(ports)}));
}

}  // namespace

void XenSxprDraft::AddWord(absl::string_view head, absl::string_view text) {
  list.Add(SExpression::List(head, {Word(text)}));
}

void ReadXenSxprPorts(XenSxprReader* reader, const XenSxprTree& tree, v1::Devices* result) {
  if (!tree.hvm) return;
  const SExpression& image = *tree.image;
  ReadUsb(reader, image, result);
  ReadSerials(reader, image, result);
  ReadParallel(reader, image, result);
  if (const auto models = reader->Text(image, "soundhw")) {
    const absl::Status status = ParseXenSoundText(*models, result);
    if (!status.ok()) reader->Fail(*reader->Take(image, "soundhw"), status.message());
  }
}

void WriteXenSxprPorts(const v1::Devices& devices, XenSxprDraft* image) {
  image->AddNumber("usb", 1);
  for (const v1::Input& input : devices.inputs()) {
    if (input.bus() == "usb") image->AddAtom("usbdevice", input.type());
  }
  image->AddWord("parallel", devices.parallels().empty()
                                 ? "none"
                                 : PortText(devices.parallels(0), XenSxprDevicePath("parallels", 0), image));
  WriteSerials(devices, image);
  const auto sounds = WriteXenSoundText(devices);
  if (!sounds.ok()) {
    image->faults.push_back(
        absl::StrCat("spec.devices.sounds ", sounds.status().message(), ", which has no form in S-expressions"));
  } else if (!sounds->empty()) {
    image->AddQuoted("soundhw", *sounds);
  }
}

}  // namespace reeve::formats
