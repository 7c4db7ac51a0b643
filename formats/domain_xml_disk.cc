#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Disk = v1::Disk;
using Address = v1::DriveAddress;

constexpr XmlAttributeRule<Disk> kAttributes[] = {
    {"type", AttributeWord<&Disk::mutable_type, kDiskTypes>},
    {"device", AttributeWord<&Disk::mutable_device, kDiskDevices>},
};

constexpr XmlAttributeRule<Disk> kDriverAttributes[] = {
    {"name", AttributeText<&Disk::mutable_driver_name>},
    {"type", AttributeWord<&Disk::mutable_driver_format, kImageFormats>},
    {"cache", AttributeWord<&Disk::mutable_driver_cache, kDiskCaches>},
};

constexpr XmlAttributeRule<Disk> kTargetAttributes[] = {
    {"dev", AttributeText<&Disk::mutable_target_device>},
    {"bus", AttributeText<&Disk::mutable_target_bus>},
};

constexpr XmlAttributeRule<Address> kAddressAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Address*) {
       if (value.text != "drive") reader->UnknownValue(value);
     }},
    {"controller", AttributeNumber<&Address::set_controller>},
    {"bus", AttributeNumber<&Address::set_bus>},
    {"target", AttributeNumber<&Address::set_target>},
    {"unit", AttributeNumber<&Address::set_unit>},
};

absl::string_view SourceAttribute(const Disk& disk) {
  return disk.type() == "block" ? "dev" : "file";
}

constexpr XmlElementRule<Disk> kElements[] = {
    {"driver", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Disk* disk) {
       ReadXml<Disk>(reader, element, {.attributes = kDriverAttributes}, disk);
     }},
    {"source", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Disk* disk) {
       const XmlAttributeRule<Disk> rule[] = {{SourceAttribute(*disk), AttributeText<&Disk::mutable_source>}};
       ReadXml<Disk>(reader, element, {.attributes = rule}, disk);
     }},
    {"target", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Disk* disk) {
       ReadXml<Disk>(reader, element, {.attributes = kTargetAttributes}, disk);
     }},
    {"readonly", XmlCount::kOnce, ElementFlag<&Disk::set_read_only>},
    {"alias", XmlCount::kOnce, ElementIgnored},
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Disk* disk) {
       ReadXml<Address>(reader, element, {.attributes = kAddressAttributes}, disk->mutable_address());
     }},
};

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
      .Attribute("device", disk.device().empty() ? "disk" : disk.device());
  if (!disk.driver_name().empty() || !disk.driver_format().empty() || !disk.driver_cache().empty()) {
    writer->Begin("driver")
        .OptionalAttribute("name", disk.driver_name())
        .OptionalAttribute("type", disk.driver_format())
        .OptionalAttribute("cache", disk.driver_cache())
        .End();
  }
  if (!disk.source().empty()) writer->Begin("source").Attribute(SourceAttribute(disk), disk.source()).End();
  writer->Begin("target").Attribute("dev", disk.target_device()).OptionalAttribute("bus", disk.target_bus()).End();
  if (disk.read_only()) writer->Flag("readonly");
  if (disk.has_address()) {
    writer->Begin("address")
        .Attribute("type", "drive")
        .Attribute("controller", disk.address().controller())
        .Attribute("bus", disk.address().bus())
        .Attribute("target", disk.address().target())
        .Attribute("unit", disk.address().unit())
        .End();
  }
  writer->End();
}

}  // namespace reeve::formats
