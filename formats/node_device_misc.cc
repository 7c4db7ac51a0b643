#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Capability = v1::NodeDeviceCapability;
using Drm = v1::DrmCapability;
using Generic = v1::ScsiGenericCapability;
using Mediated = v1::MediatedDeviceCapability;
using System = v1::SystemCapability;
using UsbDevice = v1::UsbDeviceCapability;
using UsbInterface = v1::UsbInterfaceCapability;
using Vdpa = v1::VdpaCapability;

constexpr absl::string_view kDrmTypes[] = {"primary", "control", "render"};

constexpr XmlElementRule<System> kHardware[] = {
    {"vendor", XmlCount::kOnce, ElementText<&System::mutable_hardware_vendor>},
    {"version", XmlCount::kOnce, ElementText<&System::mutable_hardware_version>},
    {"serial", XmlCount::kOnce, ElementText<&System::mutable_hardware_serial>},
    {"uuid", XmlCount::kOnce, ElementUuid<&System::mutable_hardware_uuid>},
};
constexpr XmlElementRule<System> kFirmware[] = {
    {"vendor", XmlCount::kOnce, ElementText<&System::mutable_firmware_vendor>},
    {"version", XmlCount::kOnce, ElementText<&System::mutable_firmware_version>},
    {"release_date", XmlCount::kOnce, ElementText<&System::mutable_firmware_release_date>},
};
constexpr XmlElementRule<System> kSystem[] = {
    {"product", XmlCount::kOnce, ElementText<&System::mutable_product>},
    {"hardware", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, System* system) {
       RequireElements(reader, element, {"uuid"});
       ReadXml<System>(reader, element, {.elements = kHardware}, system);
     }},
    {"firmware", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, System* system) {
       ReadXml<System>(reader, element, {.elements = kFirmware}, system);
     }},
};

template <auto Mutable>
void ReadIdOf(XmlReader* reader, pugi::xml_node element, UsbDevice* device) {
  ReadRegisteredId(reader, element, (device->*Mutable)());
}

constexpr XmlElementRule<UsbDevice> kUsbDevice[] = {
    {"bus", XmlCount::kOnce, ElementNumber<&UsbDevice::set_bus>},
    {"device", XmlCount::kOnce, ElementNumber<&UsbDevice::set_device>},
    {"product", XmlCount::kOnce, ReadIdOf<&UsbDevice::mutable_product>},
    {"vendor", XmlCount::kOnce, ReadIdOf<&UsbDevice::mutable_vendor>},
};

constexpr XmlElementRule<UsbInterface> kUsbInterface[] = {
    {"number", XmlCount::kOnce, ElementNumber<&UsbInterface::set_number>},
    {"class", XmlCount::kOnce, ElementNumber<&UsbInterface::set_interface_class>},
    {"subclass", XmlCount::kOnce, ElementNumber<&UsbInterface::set_subclass>},
    {"protocol", XmlCount::kOnce, ElementNumber<&UsbInterface::set_protocol>},
    {"description", XmlCount::kOnce, ElementText<&UsbInterface::mutable_description>},
};

constexpr XmlElementRule<Generic> kGeneric[] = {{"char", XmlCount::kOnce, ElementText<&Generic::mutable_path>}};
constexpr XmlElementRule<Drm> kDrm[] = {{"type", XmlCount::kOnce, ElementWord<&Drm::mutable_type, kDrmTypes>}};
constexpr XmlElementRule<Vdpa> kVdpa[] = {
    {"chardev", XmlCount::kOnce, ElementText<&Vdpa::mutable_character_device>},
};

constexpr XmlAttributeRule<Mediated> kType[] = {{"id", AttributeText<&Mediated::mutable_type>}};
constexpr XmlAttributeRule<Mediated> kGroup[] = {{"number", AttributeNumber<&Mediated::set_iommu_group>}};
constexpr XmlAttributeRule<v1::BackendOption> kAttribute[] = {
    {"name", AttributeText<&v1::BackendOption::mutable_name>},
    {"value",
     [](XmlReader*, const XmlValue& value, v1::BackendOption* option) { option->set_value(std::string(value.text)); }},
};

constexpr XmlElementRule<Mediated> kMediated[] = {
    {"type", XmlCount::kOnce, ElementAttributes<kType, Mediated>},
    {"uuid", XmlCount::kOnce, ElementUuid<&Mediated::mutable_uuid>},
    {"parent_addr", XmlCount::kOnce, ElementText<&Mediated::mutable_parent_address>},
    {"iommuGroup", XmlCount::kOnce, ElementAttributes<kGroup, Mediated>},
    {"attr", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Mediated* mediated) {
       RequireAttributes(reader, element, {"name", "value"});
       ReadXml<v1::BackendOption>(reader, element, {.attributes = kAttribute}, mediated->add_attributes());
     }},
};

// An element without attributes of its own whose parts are all in a table.
template <auto Mutable, const auto& Elements>
void ReadPlain(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  auto* message = (capability->*Mutable)();
  using Message = std::remove_pointer_t<decltype(message)>;
  ReadXml<Message>(reader, element, {.attributes = kTypeIsKnown<Message>, .elements = Elements}, message);
}

}  // namespace

void ReadSystem(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"hardware"});
  ReadPlain<&Capability::mutable_system, kSystem>(reader, element, capability);
}

void WriteSystem(XmlWriter* writer, const Capability& capability) {
  const System& system = capability.system();
  writer->OptionalElement("product", system.product());
  writer->Begin("hardware");
  writer->OptionalElement("vendor", system.hardware_vendor());
  writer->OptionalElement("version", system.hardware_version());
  writer->OptionalElement("serial", system.hardware_serial());
  writer->Element("uuid", system.hardware_uuid());
  writer->End();
  writer->Begin("firmware").Body();
  writer->OptionalElement("vendor", system.firmware_vendor());
  writer->OptionalElement("version", system.firmware_version());
  writer->OptionalElement("release_date", system.firmware_release_date());
  writer->End();
}

void ReadUsbDevice(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"bus", "device", "product", "vendor"});
  ReadPlain<&Capability::mutable_usb_device, kUsbDevice>(reader, element, capability);
}

void WriteUsbDevice(XmlWriter* writer, const Capability& capability) {
  const UsbDevice& device = capability.usb_device();
  writer->Element("bus", device.bus());
  writer->Element("device", device.device());
  WriteRegisteredId(writer, "product", device.product(), true);
  WriteRegisteredId(writer, "vendor", device.vendor(), true);
}

void ReadUsbInterface(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"number", "class", "subclass", "protocol"});
  ReadPlain<&Capability::mutable_usb, kUsbInterface>(reader, element, capability);
}

void WriteUsbInterface(XmlWriter* writer, const Capability& capability) {
  const UsbInterface& interface = capability.usb();
  writer->Element("number", interface.number());
  writer->Element("class", interface.interface_class());
  writer->Element("subclass", interface.subclass());
  writer->Element("protocol", interface.protocol());
  writer->OptionalElement("description", interface.description());
}

void ReadScsiGeneric(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"char"});
  ReadPlain<&Capability::mutable_scsi_generic, kGeneric>(reader, element, capability);
}

void WriteScsiGeneric(XmlWriter* writer, const Capability& capability) {
  writer->Element("char", capability.scsi_generic().path());
}

void ReadDrm(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"type"});
  ReadPlain<&Capability::mutable_drm, kDrm>(reader, element, capability);
}

void WriteDrm(XmlWriter* writer, const Capability& capability) {
  writer->Element("type", capability.drm().type());
}

void ReadMediated(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"type"});
  ReadPlain<&Capability::mutable_mdev, kMediated>(reader, element, capability);
}

void WriteMediated(XmlWriter* writer, const Capability& capability) {
  const Mediated& mediated = capability.mdev();
  writer->Begin("type").Attribute("id", mediated.type()).End();
  writer->OptionalElement("uuid", mediated.uuid());
  writer->OptionalElement("parent_addr", mediated.parent_address());
  writer->Begin("iommuGroup").Attribute("number", mediated.iommu_group()).End();
  for (const auto& attribute : mediated.attributes()) {
    writer->Begin("attr").Attribute("name", attribute.name()).Attribute("value", attribute.value()).End();
  }
}

void ReadVdpa(XmlReader* reader, pugi::xml_node element, Capability* capability) {
  RequireElements(reader, element, {"chardev"});
  ReadPlain<&Capability::mutable_vdpa, kVdpa>(reader, element, capability);
}

void WriteVdpa(XmlWriter* writer, const Capability& capability) {
  writer->Element("chardev", capability.vdpa().character_device());
}

}  // namespace reeve::formats
