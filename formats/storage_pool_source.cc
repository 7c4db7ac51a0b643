#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Source = v1::StoragePoolSource;
using Authentication = v1::StorageAuthentication;

constexpr absl::string_view kAuthenticationTypes[] = {"chap", "ceph"};

struct Draft {
  const StoragePoolType* type;
  Source* source;
};

void ReadHostPort(XmlReader* reader, const XmlValue& value, v1::StorageHost* host) {
  const auto port = reader->Unsigned(value, 65535);
  // 0 stands for the protocol's port.
  if (port && *port != 0) host->set_port(static_cast<uint32_t>(*port));
}

constexpr XmlAttributeRule<v1::StorageHost> kHostAttributes[] = {
    {"name", AttributeText<&v1::StorageHost::mutable_name>},
    {"port", ReadHostPort},
};

constexpr XmlAttributeRule<v1::StorageDevice> kDeviceAttributes[] = {
    {"path", AttributeText<&v1::StorageDevice::mutable_path>},
    {"part_separator", AttributeYesNo<&v1::StorageDevice::set_part_separator>},
};
constexpr XmlElementRule<v1::StorageDevice> kDeviceElements[] = {
    {"freeExtent", XmlCount::kRepeated, ElementState},
};

constexpr XmlAttributeRule<Source> kPathAttributes[] = {
    {"path", [](XmlReader*, const XmlValue& value, Source* source) { source->set_directory(CleanPath(value.text)); }},
};

constexpr XmlAttributeRule<Source> kIqnAttributes[] = {{"name", AttributeText<&Source::mutable_initiator_iqn>}};
constexpr XmlElementRule<Source> kInitiatorElements[] = {
    {"iqn", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Source* source) {
       RequireAttributes(reader, element, {"name"});
       ReadXml<Source>(reader, element, {.attributes = kIqnAttributes}, source);
     }},
};

constexpr XmlAttributeRule<Authentication> kAuthenticationAttributes[] = {
    {"type", AttributeWord<&Authentication::mutable_type, kAuthenticationTypes>},
    {"username", AttributeText<&Authentication::mutable_username>},
};
constexpr XmlElementRule<Authentication> kAuthenticationElements[] = {
    {"secret", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Authentication* authentication) {
       ReadSecretReference(reader, element, authentication->mutable_secret());
     }},
};

constexpr XmlAttributeRule<Source> kVersionAttributes[] = {{"ver", AttributeNumber<&Source::set_protocol_version>}};
constexpr XmlAttributeRule<Source> kVendorAttributes[] = {{"name", AttributeText<&Source::mutable_vendor>}};
constexpr XmlAttributeRule<Source> kProductAttributes[] = {{"name", AttributeText<&Source::mutable_product>}};

// A part that only some types have.
template <auto Has, auto Read>
void Part(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (!(draft->type->*Has)) {
    return reader->Invalid(element, absl::StrCat("cannot be in a pool of type ", draft->type->name));
  }
  Read(reader, element, draft->source);
}

void ReadHost(XmlReader* reader, pugi::xml_node element, Source* source) {
  RequireAttributes(reader, element, {"name"});
  ReadXml<v1::StorageHost>(reader, element, {.attributes = kHostAttributes}, source->add_hosts());
}

void ReadDevice(XmlReader* reader, pugi::xml_node element, Source* source) {
  RequireAttributes(reader, element, {"path"});
  ReadXml<v1::StorageDevice>(reader, element, {.attributes = kDeviceAttributes, .elements = kDeviceElements},
                             source->add_devices());
}

void ReadDirectory(XmlReader* reader, pugi::xml_node element, Source* source) {
  RequireAttributes(reader, element, {"path"});
  ReadXml<Source>(reader, element, {.attributes = kPathAttributes}, source);
}

void ReadSourceAdapter(XmlReader* reader, pugi::xml_node element, Source* source) {
  ReadAdapter(reader, element, source->mutable_adapter());
}

void ReadInitiator(XmlReader* reader, pugi::xml_node element, Source* source) {
  RequireElements(reader, element, {"iqn"});
  ReadXml<Source>(reader, element, {.elements = kInitiatorElements}, source);
}

void ReadAuthentication(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Authentication* authentication = draft->source->mutable_authentication();
  RequireAttributes(reader, element, {"type", "username"});
  RequireElements(reader, element, {"secret"});
  ReadXml<Authentication>(
      reader, element, {.attributes = kAuthenticationAttributes, .elements = kAuthenticationElements}, authentication);
}

struct Word {
  XmlValue value;
};
constexpr XmlAttributeRule<Word> kTypeAttributes[] = {
    {"type", [](XmlReader*, const XmlValue& value, Word* word) { word->value = value; }},
};

void ReadFormat(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Word word;
  RequireAttributes(reader, element, {"type"});
  ReadXml<Word>(reader, element, {.attributes = kTypeAttributes}, &word);
  if (draft->type->formats.empty()) {
    reader->Ignored(element, absl::StrCat("has no meaning in a pool of type ", draft->type->name, " and is ignored"));
  } else if (word.value.attribute && reader->OneOf(word.value, draft->type->formats)) {
    draft->source->set_format(std::string(word.value.text));
  }
}

template <const auto& Attributes>
void OneAttribute(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  RequireAttributes(reader, element, {Attributes[0].name.data()});
  ReadXml<Source>(reader, element, {.attributes = Attributes}, draft->source);
}

void ReadVersion(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (draft->type->name != "netfs") {
    return reader->Invalid(element, absl::StrCat("cannot be in a pool of type ", draft->type->name));
  }
  OneAttribute<kVersionAttributes>(reader, element, draft);
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"host", XmlCount::kRepeated, Part<&StoragePoolType::hosts, ReadHost>},
    {"device", XmlCount::kRepeated, Part<&StoragePoolType::devices, ReadDevice>},
    {"dir", XmlCount::kOnce, Part<&StoragePoolType::directory, ReadDirectory>},
    {"adapter", XmlCount::kOnce, Part<&StoragePoolType::adapter, ReadSourceAdapter>},
    {"name", XmlCount::kOnce, Part<&StoragePoolType::source_name, ElementText<&Source::mutable_name, Source>>},
    {"initiator", XmlCount::kOnce, Part<&StoragePoolType::initiator, ReadInitiator>},
    {"format", XmlCount::kOnce, ReadFormat},
    {"auth", XmlCount::kOnce, ReadAuthentication},
    {"protocol", XmlCount::kOnce, ReadVersion},
    {"vendor", XmlCount::kOnce, OneAttribute<kVendorAttributes>},
    {"product", XmlCount::kOnce, OneAttribute<kProductAttributes>},
};

void WriteAuthentication(XmlWriter* writer, const Authentication& authentication) {
  writer->Begin("auth").OptionalAttribute("type", authentication.type());
  writer->Attribute("username", authentication.username());
  WriteSecretReference(writer, authentication.secret());
  writer->End();
}

}  // namespace

void ReadPoolSource(XmlReader* reader, pugi::xml_node element, const StoragePoolType& type, Source* source) {
  Draft draft{&type, source};
  ReadXml<Draft>(reader, element, {.elements = kElements}, &draft);
}

void WritePoolSource(XmlWriter* writer, const Source& source) {
  writer->Begin("source").Body();
  for (const auto& host : source.hosts()) {
    writer->Begin("host").Attribute("name", host.name());
    if (host.has_port()) writer->Attribute("port", host.port());
    writer->End();
  }
  for (const auto& device : source.devices()) {
    writer->Begin("device").Attribute("path", device.path());
    if (device.has_part_separator()) writer->Attribute("part_separator", YesNo(device.part_separator()));
    writer->End();
  }
  if (!source.directory().empty()) writer->Begin("dir").Attribute("path", source.directory()).End();
  if (source.has_adapter()) WriteAdapter(writer, source.adapter());
  writer->OptionalElement("name", source.name());
  if (!source.initiator_iqn().empty()) {
    writer->Begin("initiator");
    writer->Begin("iqn").Attribute("name", source.initiator_iqn()).End();
    writer->End();
  }
  if (!source.format().empty()) writer->Begin("format").Attribute("type", source.format()).End();
  if (source.has_authentication()) WriteAuthentication(writer, source.authentication());
  if (source.has_protocol_version()) {
    writer->Begin("protocol").Attribute("ver", source.protocol_version()).End();
  }
  if (!source.vendor().empty()) writer->Begin("vendor").Attribute("name", source.vendor()).End();
  if (!source.product().empty()) writer->Begin("product").Attribute("name", source.product()).End();
  writer->End();
}

}  // namespace reeve::formats
