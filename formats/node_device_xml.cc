#include "formats/node_device_xml.h"

#include <utility>

#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Capability = v1::NodeDeviceCapability;
using Device = v1::NodeDevice;

constexpr CapabilityCodec kCapabilities[] = {
    {"system", Capability::kSystem, ReadSystem, WriteSystem},
    {"pci", Capability::kPci, ReadPci, WritePci},
    {"usb_device", Capability::kUsbDevice, ReadUsbDevice, WriteUsbDevice},
    {"usb", Capability::kUsb, ReadUsbInterface, WriteUsbInterface},
    {"net", Capability::kNet, ReadNet, WriteNet},
    {"scsi_host", Capability::kScsiHost, ReadScsiHost, WriteScsiHost},
    {"scsi_target", Capability::kScsiTarget, ReadScsiTarget, WriteScsiTarget},
    {"scsi", Capability::kScsi, ReadScsi, WriteScsi},
    {"storage", Capability::kStorage, ReadStorage, WriteStorage},
    {"scsi_generic", Capability::kScsiGeneric, ReadScsiGeneric, WriteScsiGeneric},
    {"drm", Capability::kDrm, ReadDrm, WriteDrm},
    {"mdev", Capability::kMdev, ReadMediated, WriteMediated},
    {"ccw", Capability::kCcw, ReadCcw, WriteCcw},
    {"css", Capability::kCss, ReadCss, WriteCss},
    {"vdpa", Capability::kVdpa, ReadVdpa, WriteVdpa},
    {"ap_card", Capability::kApCard, ReadApCard, WriteApCard},
    {"ap_queue", Capability::kApQueue, ReadApQueue, WriteApQueue},
    {"ap_matrix", Capability::kApMatrix, ReadApMatrix, WriteApMatrix},
};

void ReadName(XmlReader* reader, pugi::xml_node element, Device* device) {
  const XmlValue value = PlainText(reader, element);
  CheckObjectName(reader, value);
  device->set_name(absl::StrCat("nodeDevices/", value.text));
}

void ReadNode(XmlReader* reader, pugi::xml_node element, Device* device) {
  struct Node {
    absl::string_view type;
    XmlValue path;
  } node;
  static constexpr XmlAttributeRule<Node> kAttributes[] = {
      {"type", [](XmlReader*, const XmlValue& value, Node* out) { out->type = value.text; }},
  };
  RequireAttributes(reader, element, {"type"});
  ReadXml<Node>(
      reader, element,
      {.attributes = kAttributes, .text = [](XmlReader*, const XmlValue& value, Node* out) { out->path = value; }},
      &node);
  if (node.type == "link") {
    device->add_device_links(std::string(node.path.text));
  } else if (node.type != "dev") {
    reader->UnknownValue({node.type, element, element.attribute("type")});
  } else if (!device->device_node().empty()) {
    reader->Invalid(element, "is there twice");
  } else {
    device->set_device_node(std::string(node.path.text));
  }
}

template <auto Mutable>
void ReadParentName(XmlReader* reader, const XmlValue& value, Device* device) {
  CheckWorldWideName(reader, value);
  *(device->*Mutable)() = std::string(value.text);
}

constexpr XmlAttributeRule<Device> kParentAttributes[] = {
    {"wwnn", ReadParentName<&Device::mutable_parent_wwnn>},
    {"wwpn", ReadParentName<&Device::mutable_parent_wwpn>},
    {"fabric_wwn", ReadParentName<&Device::mutable_parent_fabric_wwn>},
};

void ReadParent(XmlReader* reader, pugi::xml_node element, Device* device) {
  ReadXml<Device>(
      reader, element,
      {.attributes = kParentAttributes,
       .text = [](XmlReader*, const XmlValue& value, Device* out) { out->set_parent(std::string(value.text)); }},
      device);
  if (device->parent_wwnn().empty() != device->parent_wwpn().empty()) {
    reader->Invalid(element, "has not both wwnn and wwpn");
  }
}

constexpr XmlElementRule<Device> kDriverElements[] = {
    {"name", XmlCount::kOnce, ElementText<&Device::mutable_driver>},
};

void ReadDriver(XmlReader* reader, pugi::xml_node element, Device* device) {
  ReadXml<Device>(reader, element, {.elements = kDriverElements}, device);
}

void ReadCapabilityElement(XmlReader* reader, pugi::xml_node element, Device* device) {
  const absl::string_view type = TypeOfCapability(reader, element);
  for (const CapabilityCodec& known : kCapabilities) {
    if (known.type == type) return known.read(reader, element, device->add_capabilities());
  }
  if (!type.empty()) reader->UnknownValue({type, element, element.attribute("type")});
}

constexpr XmlElementRule<Device> kElements[] = {
    {"name", XmlCount::kOnce, ReadName},        {"path", XmlCount::kOnce, ElementText<&Device::mutable_sysfs_path>},
    {"devnode", XmlCount::kRepeated, ReadNode}, {"parent", XmlCount::kOnce, ReadParent},
    {"driver", XmlCount::kOnce, ReadDriver},    {"capability", XmlCount::kRepeated, ReadCapabilityElement},
};

void WriteParent(XmlWriter* writer, const Device& device) {
  if (device.parent_wwnn().empty() && device.parent_fabric_wwn().empty()) {
    return writer->OptionalElement("parent", device.parent());
  }
  writer->Begin("parent")
      .OptionalAttribute("wwnn", device.parent_wwnn())
      .OptionalAttribute("wwpn", device.parent_wwpn())
      .OptionalAttribute("fabric_wwn", device.parent_fabric_wwn());
  if (!device.parent().empty()) writer->Text(device.parent());
  writer->End();
}

}  // namespace

absl::StatusOr<Device> ParseNodeDeviceXml(absl::string_view text, std::vector<Warning>* warnings,
                                          Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  Device device;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "device") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    ReadXml<Device>(&reader, root, {.elements = kElements}, &device);
    // A device that is to be made gets its name when it is.
    if (device.name().empty()) device.set_name("nodeDevices/new device");
    RequireElements(&reader, root, {"capability"});
  }
  if (!reader.ok()) return reader.ToStatus();
  return device;
}

std::string WriteNodeDeviceXml(const Device& device) {
  XmlWriter writer;
  writer.Begin("device");
  writer.Element("name", LastPart(device.name()));
  writer.OptionalElement("path", device.sysfs_path());
  if (!device.device_node().empty()) {
    writer.Begin("devnode").Attribute("type", "dev").Text(device.device_node()).End();
  }
  for (const std::string& link : device.device_links()) {
    writer.Begin("devnode").Attribute("type", "link").Text(link).End();
  }
  WriteParent(&writer, device);
  if (!device.driver().empty()) {
    writer.Begin("driver");
    writer.Element("name", device.driver());
    writer.End();
  }
  for (const Capability& capability : device.capabilities()) {
    for (const CapabilityCodec& known : kCapabilities) {
      if (known.kind != capability.kind_case()) continue;
      writer.Begin("capability").Attribute("type", known.type).Body();
      known.write(&writer, capability);
      writer.End();
    }
  }
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
