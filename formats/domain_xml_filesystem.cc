#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/scaled_size.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Filesystem = v1::Filesystem;

constexpr XmlAttributeRule<Filesystem> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Filesystem* filesystem) {
       if (const auto place = reader->OneOf(value, kFilesystemTypes)) {
         filesystem->set_type(static_cast<Filesystem::Type>(*place + 1));
       }
     }},
    {"accessmode",
     [](XmlReader* reader, const XmlValue& value, Filesystem* filesystem) {
       if (const auto place = reader->OneOf(value, kFilesystemAccessModes)) {
         filesystem->set_access_mode(static_cast<Filesystem::AccessMode>(*place + 1));
       }
     }},
};

constexpr XmlAttributeRule<Filesystem> kDriverAttributes[] = {
    {"type", AttributeWord<&Filesystem::mutable_driver_type, kFilesystemDriverTypes>},
    {"format", AttributeWord<&Filesystem::mutable_driver_format, kImageFormats>},
    {"wrpolicy", AttributeWord<&Filesystem::mutable_write_policy, kWritePolicies>},
};

constexpr XmlAttributeRule<Filesystem> kTargetAttributes[] = {
    {"dir", AttributeText<&Filesystem::mutable_target>},
};

// The attribute of <source> is another one for each type; for ram it is a size.
absl::string_view SourceAttribute(Filesystem::Type type) {
  switch (type) {
    case Filesystem::TYPE_FILE:
      return "file";
    case Filesystem::TYPE_BLOCK:
      return "dev";
    case Filesystem::TYPE_TEMPLATE:
      return "name";
    case Filesystem::TYPE_RAM:
      return "usage";
    default:
      return "dir";
  }
}

struct RamSize {
  std::optional<uint64_t> usage;
  absl::string_view units;
};

constexpr XmlAttributeRule<RamSize> kRamAttributes[] = {
    {"usage", [](XmlReader* reader, const XmlValue& value, RamSize* size) { size->usage = reader->Unsigned(value); }},
    {"units", [](XmlReader*, const XmlValue& value, RamSize* size) { size->units = value.text; }},
};

void ReadRamSource(XmlReader* reader, pugi::xml_node element, Filesystem* filesystem) {
  RamSize size;
  ReadXml<RamSize>(reader, element, {.attributes = kRamAttributes}, &size);
  if (!size.usage) return;
  const auto kibibytes = ScaledKibibytes(*size.usage, size.units, "KiB");
  if (!kibibytes.ok()) {
    reader->Invalid(element, kibibytes.status().message());
  } else if (*kibibytes == 0) {
    reader->Invalid(element, "has the size 0");
  } else {
    filesystem->set_ram_size_kib(*kibibytes);
  }
}

void ReadSource(XmlReader* reader, pugi::xml_node element, Filesystem* filesystem) {
  const absl::string_view wanted = SourceAttribute(filesystem->type());
  if (!element.attribute(wanted.data())) {
    reader->Invalid(element, absl::StrCat("has no attribute ", wanted));
    return;
  }
  if (filesystem->type() == Filesystem::TYPE_RAM) return ReadRamSource(reader, element, filesystem);
  const XmlAttributeRule<Filesystem> rule[] = {{wanted, AttributeText<&Filesystem::mutable_source>}};
  ReadXml<Filesystem>(reader, element, {.attributes = rule}, filesystem);
}

template <auto Set>
void ReadLimit(XmlReader* reader, pugi::xml_node element, Filesystem* filesystem) {
  if (const auto kibibytes = ReadKibibytes(reader, element, "bytes")) (filesystem->*Set)(*kibibytes);
}

constexpr XmlElementRule<Filesystem> kElements[] = {
    {"driver", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Filesystem* filesystem) {
       ReadXml<Filesystem>(reader, element, {.attributes = kDriverAttributes}, filesystem);
     }},
    {"source", XmlCount::kOnce, ReadSource},
    {"target", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Filesystem* filesystem) {
       ReadXml<Filesystem>(reader, element, {.attributes = kTargetAttributes}, filesystem);
     }},
    {"readonly", XmlCount::kOnce, ElementFlag<&Filesystem::set_read_only>},
    {"space_hard_limit", XmlCount::kOnce, ReadLimit<&Filesystem::set_space_hard_limit_kib>},
    {"space_soft_limit", XmlCount::kOnce, ReadLimit<&Filesystem::set_space_soft_limit_kib>},
    {"alias", XmlCount::kOnce, ElementIgnored},
};

void WriteLimit(XmlWriter* writer, absl::string_view name, uint64_t kibibytes) {
  writer->Begin(name).Attribute("unit", "bytes").Text(absl::StrCat(kibibytes * 1024)).End();
}

}  // namespace

void ReadFilesystem(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Filesystem* filesystem = devices->add_filesystems();
  filesystem->set_type(Filesystem::TYPE_MOUNT);
  filesystem->set_access_mode(Filesystem::ACCESS_MODE_PASSTHROUGH);
  for (const char* wanted : {"source", "target"}) {
    if (!element.child(wanted)) reader->Invalid(element, absl::StrCat("has no element ", wanted));
  }
  ReadXml<Filesystem>(reader, element, {.attributes = kAttributes, .elements = kElements}, filesystem);
}

void WriteFilesystem(XmlWriter* writer, const Filesystem& filesystem) {
  const auto type = filesystem.type() == Filesystem::TYPE_UNSPECIFIED ? Filesystem::TYPE_MOUNT : filesystem.type();
  const auto mode = filesystem.access_mode() == Filesystem::ACCESS_MODE_UNSPECIFIED
                        ? Filesystem::ACCESS_MODE_PASSTHROUGH
                        : filesystem.access_mode();
  writer->Begin("filesystem")
      .Attribute("type", kFilesystemTypes[type - 1])
      .Attribute("accessmode", kFilesystemAccessModes[mode - 1]);
  if (!filesystem.driver_type().empty() || !filesystem.driver_format().empty() || !filesystem.write_policy().empty()) {
    writer->Begin("driver")
        .OptionalAttribute("type", filesystem.driver_type())
        .OptionalAttribute("format", filesystem.driver_format())
        .OptionalAttribute("wrpolicy", filesystem.write_policy())
        .End();
  }
  if (type == Filesystem::TYPE_RAM) {
    writer->Begin("source").Attribute("usage", filesystem.ram_size_kib()).Attribute("units", "KiB").End();
  } else {
    writer->Begin("source").Attribute(SourceAttribute(type), filesystem.source()).End();
  }
  writer->Begin("target").Attribute("dir", filesystem.target()).End();
  if (filesystem.read_only()) writer->Flag("readonly");
  if (filesystem.has_space_hard_limit_kib()) {
    WriteLimit(writer, "space_hard_limit", filesystem.space_hard_limit_kib());
  }
  if (filesystem.has_space_soft_limit_kib()) {
    WriteLimit(writer, "space_soft_limit", filesystem.space_soft_limit_kib());
  }
  writer->End();
}

}  // namespace reeve::formats
