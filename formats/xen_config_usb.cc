// USB: devices of the emulator, controllers, devices of the host. Their numbers are hexadecimal.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kInputs[] = {"mouse", "tablet", "keyboard"};
constexpr int64_t kDefaultVersion = 2;
constexpr int64_t kDefaultPorts = 8;
constexpr int64_t kMaxPorts = 31;

bool IsInput(absl::string_view type) {
  return std::find(std::begin(kInputs), std::end(kInputs), type) != std::end(kInputs);
}

void WarnOfOption(XenConfigReader* reader, const XenOption& option) {
  const absl::string_view shown = option.key.text.empty() ? option.value.text : option.key.text;
  if (shown.empty()) return;
  reader->Warn(option.key.offset, absl::StrCat("has '", Printable(shown), "', which has no form and is ignored"));
}

// "type=qusb,version=2,ports=8". Other types have no form in libvirt's documents.
void ReadController(XenConfigReader* reader, const XenPiece& piece, uint32_t index, v1::Devices* devices) {
  int64_t version = kDefaultVersion;
  int64_t ports = kDefaultPorts;
  for (const XenOption& option : SplitXenOptions(piece)) {
    if (option.key.text == "type") {
      if (!absl::StartsWith(option.value.text, "qusb")) {
        reader->Warn(piece.offset, absl::StrCat("has a controller of type '", Printable(option.value.text),
                                                "', which has no form and is ignored"));
        return;
      }
    } else if (option.key.text == "version") {
      version = reader->Number(option.value, 16, 1, 3).value_or(version);
    } else if (option.key.text == "ports") {
      ports = reader->Number(option.value, 16, 1, kMaxPorts).value_or(ports);
    } else {
      WarnOfOption(reader, option);
    }
  }
  v1::Controller* controller = devices->add_controllers();
  controller->set_type("usb");
  controller->set_index(index);
  controller->set_model(version == 1 ? "qusb1" : "qusb2");
  controller->set_ports(static_cast<uint32_t>(ports));
}

void ReadHostDevice(XenConfigReader* reader, const XenPiece& piece, v1::HostUsbDevice* device) {
  for (const XenOption& option : SplitXenOptions(piece)) {
    if (option.key.text == "hostbus") {
      const auto bus = reader->Number(option.value, 16, 0, 0xFF);
      if (bus) device->set_bus(static_cast<uint32_t>(*bus));
    } else if (option.key.text == "hostaddr") {
      const auto number = reader->Number(option.value, 16, 0, 0xFF);
      if (number) device->set_device(static_cast<uint32_t>(*number));
    } else if (option.key.text != "type" || option.value.text != "hostdev") {
      WarnOfOption(reader, option);
    }
  }
  if (!device->has_bus() || !device->has_device()) {
    reader->Fail(piece.offset, "has a device without hostbus and hostaddr");
  }
}

std::string ControllerText(const v1::Controller& controller) {
  std::string text;
  if (controller.model() == "qusb1" || controller.model() == "qusb2") {
    text = absl::StrCat("type=qusb,version=", controller.model().substr(4), ",");
  }
  return absl::StrCat(text, absl::StrFormat("ports=%x", controller.ports()));
}

}  // namespace

void ReadXenInputs(XenConfigReader* reader, v1::DomainSpec* spec) {
  if (!IsXenHvm(*spec)) return;
  reader->Take("usb");  // said by what follows
  for (const XenPiece& piece : reader->TakeTextOrList("usbdevice")) {
    if (IsInput(piece.text)) {
      v1::Input* input = spec->mutable_devices()->add_inputs();
      input->set_type(std::string(piece.text));
      input->set_bus("usb");
    } else if (!piece.text.empty()) {
      reader->Warn(piece.offset, absl::StrCat("has '", Printable(piece.text), "', which has no form and is ignored"));
    }
  }
}

void WriteXenInputs(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec)) return;
  std::vector<std::string> texts;
  for (const v1::Input& input : spec.devices().inputs()) {
    if (input.bus() == "usb" && IsInput(input.type())) texts.push_back(input.type());
  }
  if (texts.empty()) return;
  writer->Number("usb", 1);
  // The list is of xl; before Xen 4.3 there was one device.
  if (texts.size() == 1 || writer->dialect == XenDialect::kXm) return writer->Text("usbdevice", texts[0]);
  writer->List("usbdevice", texts);
}

void ReadXenUsb(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::Devices* devices = spec->mutable_devices();
  for (const XenPiece& piece : reader->TakeList("usbdev")) {
    reader->Remember(absl::StrCat("spec.devices.host_devices[", devices->host_devices_size(), "]"), piece.offset);
    ReadHostDevice(reader, piece, devices->add_host_devices()->mutable_usb());
  }
  uint32_t index = 0;
  for (const XenPiece& piece : reader->TakeList("usbctrl")) {
    reader->Remember(absl::StrCat("spec.devices.controllers[", devices->controllers_size(), "]"), piece.offset);
    ReadController(reader, piece, index++, devices);
  }
}

void WriteXenUsb(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> devices;
  for (const v1::HostDevice& device : spec.devices().host_devices()) {
    if (!device.has_usb()) continue;
    devices.push_back(absl::StrFormat("hostbus=%x,hostaddr=%x", device.usb().bus(), device.usb().device()));
  }
  writer->List("usbdev", devices);
  std::vector<std::string> controllers;
  for (const v1::Controller& controller : spec.devices().controllers()) {
    if (controller.type() == "usb") controllers.push_back(ControllerText(controller));
  }
  writer->List("usbctrl", controllers);
}

}  // namespace reeve::formats
