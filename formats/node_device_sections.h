// The capabilities of node devices, each with its reader and its writer. Only for node_device_*.cc. A reader reads
// what is inside <capability>, whose attribute type is known already; a writer writes what is inside.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::formats {

using ReadCapability = void (*)(XmlReader*, pugi::xml_node, v1::NodeDeviceCapability*);
using WriteCapability = void (*)(XmlWriter*, const v1::NodeDeviceCapability&);

struct CapabilityCodec {
  absl::string_view type;
  v1::NodeDeviceCapability::KindCase kind;
  ReadCapability read;
  WriteCapability write;
};

// node_device_pci.cc
void ReadPci(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WritePci(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
// node_device_vpd.cc
void ReadVitalProductData(XmlReader* reader, pugi::xml_node element, v1::VitalProductData* data);
void WriteVitalProductData(XmlWriter* writer, const v1::VitalProductData& data);
// node_device_parts.cc
void ReadMediatedType(XmlReader* reader, pugi::xml_node element, v1::MediatedDeviceType* type);
template <typename T>
void ReadMediatedTypes(XmlReader* reader, pugi::xml_node element, T* out);
void WriteMediatedTypes(XmlWriter* writer, const google::protobuf::RepeatedPtrField<v1::MediatedDeviceType>& types);
void ReadRegisteredId(XmlReader* reader, pugi::xml_node element, v1::RegisteredId* id);
// A blank stands before "/>" where libvirt has one.
void WriteRegisteredId(XmlWriter* writer, absl::string_view name, const v1::RegisteredId& id, bool blank);
// A fault unless it is a World Wide Name; else the text as it is.
void CheckWorldWideName(XmlReader* reader, const XmlValue& value);
// The type of a <capability> inside another; empty after a fault.
absl::string_view TypeOfCapability(XmlReader* reader, pugi::xml_node element);
// node_device_scsi.cc
void ReadScsiHost(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteScsiHost(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadScsiTarget(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteScsiTarget(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadScsi(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteScsi(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadStorage(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteStorage(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
// node_device_s390.cc
void ReadCcw(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteCcw(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadCss(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteCss(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadApCard(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteApCard(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadApQueue(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteApQueue(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadApMatrix(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteApMatrix(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
// node_device_net.cc
void ReadNet(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteNet(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
// node_device_misc.cc: the small ones
void ReadSystem(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteSystem(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadUsbDevice(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteUsbDevice(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadUsbInterface(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteUsbInterface(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadScsiGeneric(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteScsiGeneric(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadDrm(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteDrm(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadMediated(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteMediated(XmlWriter* writer, const v1::NodeDeviceCapability& capability);
void ReadVdpa(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability);
void WriteVdpa(XmlWriter* writer, const v1::NodeDeviceCapability& capability);

// Inside every <capability> stands its attribute type, which has been read.
template <typename T>
inline constexpr XmlAttributeRule<T> kTypeIsKnown[] = {{"type", [](XmlReader*, const XmlValue&, T*) {}}};

// <capability type='mdev_types'>, read into a message that has mediated_types.
template <typename T>
void ReadMediatedTypes(XmlReader* reader, pugi::xml_node element, T* out) {
  static constexpr XmlElementRule<T> kElements[] = {
      {"type", XmlCount::kRepeated,
       [](XmlReader* inner, pugi::xml_node child, T* message) {
         ReadMediatedType(inner, child, message->add_mediated_types());
       }},
  };
  ReadXml<T>(reader, element, {.attributes = kTypeIsKnown<T>, .elements = kElements}, out);
}

// A <capability> inside another that can only be of mediated types.
template <typename T>
void ReadOnlyMediatedTypes(XmlReader* reader, pugi::xml_node element, T* out) {
  if (TypeOfCapability(reader, element) == "mdev_types") return ReadMediatedTypes(reader, element, out);
  reader->UnknownElement(element);
}

}  // namespace reeve::formats
