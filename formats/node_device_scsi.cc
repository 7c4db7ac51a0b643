#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using FcHost = v1::FibreChannelHost;
using Host = v1::ScsiHostCapability;
using Operations = v1::VirtualPortOperations;
using Scsi = v1::ScsiCapability;
using Storage = v1::StorageCapability;
using Target = v1::ScsiTargetCapability;

template <auto Mutable, typename T>
void ReadName(XmlReader* reader, pugi::xml_node element, T* out) {
  const XmlValue value = PlainText(reader, element);
  CheckWorldWideName(reader, value);
  *(out->*Mutable)() = std::string(value.text);
}

constexpr XmlElementRule<FcHost> kFcElements[] = {
    {"wwnn", XmlCount::kOnce, ReadName<&FcHost::mutable_wwnn>},
    {"wwpn", XmlCount::kOnce, ReadName<&FcHost::mutable_wwpn>},
    {"fabric_wwn", XmlCount::kOnce, ReadName<&FcHost::mutable_fabric_wwn>},
};

constexpr XmlElementRule<Operations> kOperationElements[] = {
    {"max_vports", XmlCount::kOnce, ElementState},
    {"vports", XmlCount::kOnce, ElementState},
};

void ReadHostInner(XmlReader* reader, pugi::xml_node element, Host* host) {
  const absl::string_view type = TypeOfCapability(reader, element);
  if (type == "fc_host") {
    RequireElements(reader, element, {"wwnn", "wwpn"});
    ReadXml<FcHost>(reader, element, {.attributes = kTypeIsKnown<FcHost>, .elements = kFcElements},
                    host->mutable_fc_host());
  } else if (type == "vport_ops") {
    ReadXml<Operations>(reader, element, {.attributes = kTypeIsKnown<Operations>, .elements = kOperationElements},
                        host->mutable_vport_ops());
  } else if (!type.empty()) {
    reader->UnknownValue({type, element, element.attribute("type")});
  }
}

constexpr XmlElementRule<Host> kHostElements[] = {
    {"host", XmlCount::kOnce, ElementNumber<&Host::set_host>},
    {"unique_id", XmlCount::kOnce, ElementNumber<&Host::set_unique_id>},
    {"capability", XmlCount::kRepeated, ReadHostInner},
};

constexpr XmlElementRule<Target> kRemoteElements[] = {
    {"rport", XmlCount::kOnce, ElementText<&Target::mutable_remote_port>},
    {"wwpn", XmlCount::kOnce, ReadName<&Target::mutable_remote_wwpn>},
};

constexpr XmlElementRule<Target> kTargetElements[] = {
    {"target", XmlCount::kOnce, ElementText<&Target::mutable_target>},
    {"capability", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Target* target) {
       const absl::string_view type = TypeOfCapability(reader, element);
       if (type != "fc_remote_port") return reader->UnknownValue({type, element, element.attribute("type")});
       RequireElements(reader, element, {"rport", "wwpn"});
       ReadXml<Target>(reader, element, {.attributes = kTypeIsKnown<Target>, .elements = kRemoteElements}, target);
     }},
};

constexpr XmlElementRule<Scsi> kScsiElements[] = {
    {"host", XmlCount::kOnce, ElementNumber<&Scsi::set_host>},
    {"bus", XmlCount::kOnce, ElementNumber<&Scsi::set_bus>},
    {"target", XmlCount::kOnce, ElementNumber<&Scsi::set_target>},
    {"lun", XmlCount::kOnce, ElementNumber<&Scsi::set_lun>},
    {"type", XmlCount::kOnce, ElementText<&Scsi::mutable_type>},
};

void ReadAvailable(XmlReader* reader, pugi::xml_node element, Storage* storage) {
  const auto available = reader->Either(PlainText(reader, element), "1", "0");
  if (available) storage->mutable_removable()->set_available(*available);
}
void ReadMediumSize(XmlReader* reader, pugi::xml_node element, Storage* storage) {
  ElementNumber<&v1::RemovableMedium::set_size_bytes>(reader, element, storage->mutable_removable());
}
void ReadLabel(XmlReader* reader, pugi::xml_node element, Storage* storage) {
  ElementText<&v1::RemovableMedium::mutable_label>(reader, element, storage->mutable_removable());
}

constexpr XmlElementRule<Storage> kRemovableElements[] = {
    {"media_available", XmlCount::kOnce, ReadAvailable},
    {"media_size", XmlCount::kOnce, ReadMediumSize},
    {"media_label", XmlCount::kOnce, ReadLabel},
    {"logical_block_size", XmlCount::kOnce, ElementNumber<&Storage::set_logical_block_size_bytes>},
    {"num_blocks", XmlCount::kOnce, ElementNumber<&Storage::set_block_count>},
};

void ReadStorageInner(XmlReader* reader, pugi::xml_node element, Storage* storage) {
  const absl::string_view type = TypeOfCapability(reader, element);
  if (type == "hotpluggable") {
    ReadXml<Storage>(reader, element, {.attributes = kTypeIsKnown<Storage>}, storage);
    storage->set_hotpluggable(true);
  } else if (type == "removable") {
    storage->mutable_removable();
    ReadXml<Storage>(reader, element, {.attributes = kTypeIsKnown<Storage>, .elements = kRemovableElements}, storage);
  } else if (!type.empty()) {
    reader->UnknownValue({type, element, element.attribute("type")});
  }
}

constexpr XmlElementRule<Storage> kStorageElements[] = {
    {"block", XmlCount::kOnce, ElementText<&Storage::mutable_block>},
    {"bus", XmlCount::kOnce, ElementText<&Storage::mutable_bus>},
    {"drive_type", XmlCount::kOnce, ElementText<&Storage::mutable_drive_type>},
    {"model", XmlCount::kOnce, ElementText<&Storage::mutable_model>},
    {"vendor", XmlCount::kOnce, ElementText<&Storage::mutable_vendor>},
    {"serial", XmlCount::kOnce, ElementText<&Storage::mutable_serial>},
    {"size", XmlCount::kOnce, ElementNumber<&Storage::set_size_bytes>},
    {"logical_block_size", XmlCount::kOnce, ElementNumber<&Storage::set_logical_block_size_bytes>},
    {"num_blocks", XmlCount::kOnce, ElementNumber<&Storage::set_block_count>},
    {"capability", XmlCount::kRepeated, ReadStorageInner},
};

void WriteBlocks(XmlWriter* writer, const Storage& storage) {
  if (storage.logical_block_size_bytes() != 0)
    writer->Element("logical_block_size", storage.logical_block_size_bytes());
  if (storage.block_count() != 0) writer->Element("num_blocks", storage.block_count());
}

}  // namespace

void ReadScsiHost(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  ReadXml<Host>(reader, element, {.attributes = kTypeIsKnown<Host>, .elements = kHostElements},
                capability->mutable_scsi_host());
}

void WriteScsiHost(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Host& host = capability.scsi_host();
  writer->Element("host", host.host());
  if (host.has_unique_id()) writer->Element("unique_id", host.unique_id());
  if (host.has_fc_host()) {
    writer->Begin("capability").Attribute("type", "fc_host");
    writer->Element("wwnn", host.fc_host().wwnn());
    writer->Element("wwpn", host.fc_host().wwpn());
    writer->OptionalElement("fabric_wwn", host.fc_host().fabric_wwn());
    writer->End();
  }
  if (host.has_vport_ops()) {
    writer->Begin("capability").Attribute("type", "vport_ops");
    writer->Element("max_vports", host.vport_ops().max_vports());
    writer->Element("vports", host.vport_ops().vports());
    writer->End();
  }
}

void ReadScsiTarget(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  RequireElements(reader, element, {"target"});
  ReadXml<Target>(reader, element, {.attributes = kTypeIsKnown<Target>, .elements = kTargetElements},
                  capability->mutable_scsi_target());
}

void WriteScsiTarget(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Target& target = capability.scsi_target();
  writer->Element("target", target.target());
  if (target.remote_port().empty()) return;
  writer->Begin("capability").Attribute("type", "fc_remote_port");
  writer->Element("rport", target.remote_port());
  writer->Element("wwpn", target.remote_wwpn());
  writer->End();
}

void ReadScsi(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  RequireElements(reader, element, {"host", "bus", "target", "lun"});
  ReadXml<Scsi>(reader, element, {.attributes = kTypeIsKnown<Scsi>, .elements = kScsiElements},
                capability->mutable_scsi());
}

void WriteScsi(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Scsi& scsi = capability.scsi();
  writer->Element("host", scsi.host());
  writer->Element("bus", scsi.bus());
  writer->Element("target", scsi.target());
  writer->Element("lun", scsi.lun());
  writer->OptionalElement("type", scsi.type());
}

void ReadStorage(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  Storage* storage = capability->mutable_storage();
  RequireElements(reader, element, {"block"});
  ReadXml<Storage>(reader, element, {.attributes = kTypeIsKnown<Storage>, .elements = kStorageElements}, storage);
  if (!storage->has_removable()) RequireElements(reader, element, {"size"});
}

void WriteStorage(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Storage& storage = capability.storage();
  writer->Element("block", storage.block());
  writer->OptionalElement("bus", storage.bus());
  writer->OptionalElement("drive_type", storage.drive_type());
  writer->OptionalElement("model", storage.model());
  writer->OptionalElement("vendor", storage.vendor());
  writer->OptionalElement("serial", storage.serial());
  if (storage.has_removable()) {
    writer->Begin("capability").Attribute("type", "removable");
    writer->Element("media_available", storage.removable().available() ? 1 : 0);
    writer->Element("media_size", storage.removable().size_bytes());
    writer->OptionalElement("media_label", storage.removable().label());
    WriteBlocks(writer, storage);
    writer->End();
  } else {
    writer->Element("size", storage.size_bytes());
    WriteBlocks(writer, storage);
  }
  if (storage.hotpluggable()) writer->Begin("capability").Attribute("type", "hotpluggable").End();
}

}  // namespace reeve::formats
