#include "formats/domain_words.h"
#include "formats/domain_xml_disk_source.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Disk = v1::Disk;
using Tuning = v1::DiskIoTuning;

constexpr XmlAttributeRule<Disk> kAttributes[] = {
    {"type", AttributeWord<&Disk::mutable_type, kDiskTypes>},
    {"device", AttributeWord<&Disk::mutable_device, kDiskDevices>},
    {"model", AttributeText<&Disk::mutable_model>},
    {"rawio", AttributeYesNo<&Disk::set_raw_io>},
    {"sgio", AttributeWord<&Disk::mutable_sgio, kSgio>},
    {"snapshot", AttributeWord<&Disk::mutable_snapshot, kSnapshots>},
};

constexpr XmlAttributeRule<Disk> kDriverAttributes[] = {
    {"name", AttributeText<&Disk::mutable_driver_name>},
    {"type",
     [](XmlReader* reader, const XmlValue& value, Disk* disk) {
       // What old Xen calls raw.
       if (value.text == "aio") return disk->set_driver_format("raw");
       if (reader->OneOf(value, kImageFormats)) disk->set_driver_format(std::string(value.text));
     }},
    {"cache", AttributeWord<&Disk::mutable_driver_cache, kDiskCaches>},
    {"error_policy", AttributeWord<&Disk::mutable_driver_error_policy, kErrorPolicies>},
    {"rerror_policy", AttributeWord<&Disk::mutable_driver_read_error_policy, kReadErrorPolicies>},
    {"io", AttributeWord<&Disk::mutable_driver_io, kDiskIoModes>},
    {"copy_on_read", AttributeOnOff<&Disk::set_driver_copy_on_read>},
    {"discard", AttributeWord<&Disk::mutable_driver_discard, kDiscards>},
    {"iothread", AttributeNumber<&Disk::set_driver_io_thread>},
    {"detect_zeroes", AttributeWord<&Disk::mutable_driver_detect_zeroes, kDetectZeroes>},
    {"queues", AttributeNumber<&Disk::set_driver_queues>},
};

constexpr XmlAttributeRule<Disk> kTargetAttributes[] = {
    {"dev", AttributeText<&Disk::mutable_target_device>},
    {"bus", AttributeText<&Disk::mutable_target_bus>},
    {"tray", AttributeWord<&Disk::mutable_target_tray, kTrays>},
    {"removable", AttributeOnOff<&Disk::set_target_removable>},
};

constexpr XmlAttributeRule<Disk> kBackendAttributes[] = {
    {"name", AttributeText<&Disk::mutable_backend_domain>},
};

constexpr XmlAttributeRule<v1::DiskGeometry> kGeometry[] = {
    {"cyls", AttributeNumber<&v1::DiskGeometry::set_cylinders>},
    {"heads", AttributeNumber<&v1::DiskGeometry::set_heads>},
    {"secs", AttributeNumber<&v1::DiskGeometry::set_sectors>},
    {"trans", AttributeWord<&v1::DiskGeometry::mutable_translation, kGeometryTranslations>},
};

constexpr XmlAttributeRule<v1::DiskBlockSize> kBlockSize[] = {
    {"logical_block_size", AttributeNumber<&v1::DiskBlockSize::set_logical>},
    {"physical_block_size", AttributeNumber<&v1::DiskBlockSize::set_physical>},
};

void ReadLimit(XmlReader* reader, pugi::xml_node element, Tuning* tuning) {
  const auto number = reader->Unsigned(PlainText(reader, element));
  if (!number) return;
  v1::DiskIoLimit* limit = tuning->add_limits();
  limit->set_name(element.name());
  limit->set_value(*number);
}

constexpr Words<19> kLimitNames = {"total_bytes_sec",
                                   "read_bytes_sec",
                                   "write_bytes_sec",
                                   "total_iops_sec",
                                   "read_iops_sec",
                                   "write_iops_sec",
                                   "total_bytes_sec_max",
                                   "read_bytes_sec_max",
                                   "write_bytes_sec_max",
                                   "total_iops_sec_max",
                                   "read_iops_sec_max",
                                   "write_iops_sec_max",
                                   "size_iops_sec",
                                   "total_bytes_sec_max_length",
                                   "read_bytes_sec_max_length",
                                   "write_bytes_sec_max_length",
                                   "total_iops_sec_max_length",
                                   "read_iops_sec_max_length",
                                   "write_iops_sec_max_length"};

constexpr auto MakeLimitRules() {
  std::array<XmlElementRule<Tuning>, kLimitNames.size() + 1> rules{};
  for (size_t i = 0; i < kLimitNames.size(); ++i) rules[i] = {kLimitNames[i], XmlCount::kOnce, ReadLimit};
  rules[kLimitNames.size()] = {"group_name", XmlCount::kOnce, ElementText<&Tuning::mutable_group_name>};
  return rules;
}
constexpr auto kLimitRules = MakeLimitRules();

void ReadAddress(XmlReader* reader, pugi::xml_node element, Disk* disk) {
  v1::DeviceAddress address;
  ReadBusAddress(reader, element, &address);
  if (address.type() != "drive") {
    *disk->mutable_bus_address() = std::move(address);
    return;
  }
  disk->mutable_address()->set_controller(address.controller());
  disk->mutable_address()->set_bus(address.bus());
  disk->mutable_address()->set_target(address.target());
  disk->mutable_address()->set_unit(address.unit());
}

constexpr XmlElementRule<Disk> kElements[] = {
    {"driver", XmlCount::kOnce, ElementAttributes<kDriverAttributes, Disk>},
    {"auth", XmlCount::kOnce, ReadDiskAuthentication},
    {"encryption", XmlCount::kOnce, ReadDiskEncryption},
    {"source", XmlCount::kOnce, ReadDiskSource},
    {"backenddomain", XmlCount::kOnce, ElementAttributes<kBackendAttributes, Disk>},
    {"geometry", XmlCount::kOnce, ElementAttributesOf<&Disk::mutable_geometry, kGeometry, Disk>},
    {"blockio", XmlCount::kOnce, ElementAttributesOf<&Disk::mutable_block_size, kBlockSize, Disk>},
    {"target", XmlCount::kOnce, ElementAttributes<kTargetAttributes, Disk>},
    {"iotune", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Disk* disk) {
       ReadXml<Tuning>(reader, element, {.elements = kLimitRules}, disk->mutable_io_tuning());
     }},
    {"readonly", XmlCount::kOnce, ElementFlag<&Disk::set_read_only>},
    {"shareable", XmlCount::kOnce, ElementFlag<&Disk::set_shareable>},
    {"transient", XmlCount::kOnce, ElementFlag<&Disk::set_transient>},
    {"serial", XmlCount::kOnce, ElementText<&Disk::mutable_serial>},
    {"wwn", XmlCount::kOnce, ElementText<&Disk::mutable_wwn>},
    {"vendor", XmlCount::kOnce, ElementText<&Disk::mutable_vendor>},
    {"product", XmlCount::kOnce, ElementText<&Disk::mutable_product>},
    {"boot", XmlCount::kOnce, ElementBootOrder<&Disk::set_boot_order, Disk>},
    {"alias", XmlCount::kOnce, ElementAlias<&Disk::mutable_alias, Disk>},
    {"address", XmlCount::kOnce, ReadAddress},
};

// <driver>, only when something is said of it.
void WriteDriver(XmlWriter* writer, const Disk& disk) {
  const bool has_text = !disk.driver_name().empty() || !disk.driver_format().empty() || !disk.driver_cache().empty() ||
                        !disk.driver_error_policy().empty() || !disk.driver_read_error_policy().empty() ||
                        !disk.driver_io().empty() || !disk.driver_discard().empty() ||
                        !disk.driver_detect_zeroes().empty();
  if (!has_text && !disk.has_driver_copy_on_read() && !disk.has_driver_io_thread() && !disk.has_driver_queues()) return;
  writer->Begin("driver")
      .OptionalAttribute("name", disk.driver_name())
      .OptionalAttribute("type", disk.driver_format())
      .OptionalAttribute("cache", disk.driver_cache())
      .OptionalAttribute("error_policy", disk.driver_error_policy())
      .OptionalAttribute("rerror_policy", disk.driver_read_error_policy())
      .OptionalAttribute("io", disk.driver_io());
  if (disk.has_driver_copy_on_read()) writer->Attribute("copy_on_read", disk.driver_copy_on_read() ? "on" : "off");
  writer->OptionalAttribute("discard", disk.driver_discard());
  if (disk.has_driver_io_thread()) writer->Attribute("iothread", disk.driver_io_thread());
  writer->OptionalAttribute("detect_zeroes", disk.driver_detect_zeroes());
  if (disk.has_driver_queues()) writer->Attribute("queues", disk.driver_queues());
  writer->End();
}

void WriteShape(XmlWriter* writer, const Disk& disk) {
  if (disk.has_geometry()) {
    writer->Begin("geometry")
        .Attribute("cyls", disk.geometry().cylinders())
        .Attribute("heads", disk.geometry().heads())
        .Attribute("secs", disk.geometry().sectors())
        .OptionalAttribute("trans", disk.geometry().translation())
        .End();
  }
  if (disk.has_block_size()) {
    writer->Begin("blockio");
    if (disk.block_size().has_logical()) writer->Attribute("logical_block_size", disk.block_size().logical());
    if (disk.block_size().has_physical()) writer->Attribute("physical_block_size", disk.block_size().physical());
    writer->End();
  }
}

void WriteIoTuning(XmlWriter* writer, const Tuning& tuning) {
  if (tuning.limits().empty() && tuning.group_name().empty()) return;
  writer->Begin("iotune");
  // In libvirt's order, whatever that of the document was.
  for (size_t i = 0; i < kLimitNames.size(); ++i) {
    for (const auto& limit : tuning.limits()) {
      if (limit.name() == kLimitNames[i]) writer->Element(kLimitNames[i], limit.value());
    }
    if (kLimitNames[i] == "size_iops_sec") writer->OptionalElement("group_name", tuning.group_name());
  }
  writer->End();
}

}  // namespace

void ReadDisk(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Disk* disk = devices->add_disks();
  disk->set_type("file");
  disk->set_device("disk");
  if (!element.child("target")) reader->Invalid(element, "has no element target");
  ReadXml<Disk>(reader, element, {.attributes = kAttributes, .elements = kElements}, disk);
}

void WriteDisk(XmlWriter* writer, const Disk& disk) {
  writer->Begin("disk")
      .Attribute("type", disk.type().empty() ? "file" : disk.type())
      .Attribute("device", disk.device().empty() ? "disk" : disk.device())
      .OptionalAttribute("model", disk.model());
  if (disk.has_raw_io()) writer->Attribute("rawio", disk.raw_io() ? "yes" : "no");
  writer->OptionalAttribute("sgio", disk.sgio()).OptionalAttribute("snapshot", disk.snapshot());
  WriteDriver(writer, disk);
  WriteDiskAuthentication(writer, disk);
  WriteDiskSource(writer, disk);
  if (!disk.backend_domain().empty()) {
    writer->Begin("backenddomain").Attribute("name", disk.backend_domain()).End();
  }
  WriteShape(writer, disk);
  writer->Begin("target")
      .Attribute("dev", disk.target_device())
      .OptionalAttribute("bus", disk.target_bus())
      .OptionalAttribute("tray", disk.target_tray() == "open" ? disk.target_tray() : "");
  if (disk.has_target_removable()) writer->Attribute("removable", disk.target_removable() ? "on" : "off");
  writer->End();
  WriteIoTuning(writer, disk.io_tuning());
  if (disk.read_only()) writer->Flag("readonly");
  if (disk.shareable()) writer->Flag("shareable");
  if (disk.transient()) writer->Flag("transient");
  writer->OptionalElement("serial", disk.serial());
  writer->OptionalElement("wwn", disk.wwn());
  writer->OptionalElement("vendor", disk.vendor());
  writer->OptionalElement("product", disk.product());
  WriteDiskEncryption(writer, disk);
  if (disk.has_boot_order()) WriteBootOrder(writer, disk.boot_order());
  WriteAlias(writer, disk.alias());
  if (disk.has_address()) {
    writer->Begin("address")
        .Attribute("type", "drive")
        .Attribute("controller", disk.address().controller())
        .Attribute("bus", disk.address().bus())
        .Attribute("target", disk.address().target())
        .Attribute("unit", disk.address().unit())
        .End();
  } else if (disk.has_bus_address()) {
    WriteBusAddress(writer, disk.bus_address());
  }
  writer->End();
}

}  // namespace reeve::formats
