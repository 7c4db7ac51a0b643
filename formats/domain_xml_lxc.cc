#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Shared = v1::SharedNamespace;
using Sharing = v1::NamespaceSharing;

constexpr XmlAttributeRule<Shared> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Shared* shared) {
       if (const auto place = reader->OneOf(value, kNamespaceKinds)) {
         shared->set_kind(static_cast<Shared::Kind>(*place + 1));
       }
     }},
    {"value", AttributeText<&Shared::mutable_value>},
};

template <auto Mutable>
void ReadShared(XmlReader* reader, pugi::xml_node element, Sharing* sharing) {
  for (const char* wanted : {"type", "value"}) {
    if (!element.attribute(wanted)) reader->Invalid(element, absl::StrCat("has no attribute ", wanted));
  }
  ReadXml<Shared>(reader, element, {.attributes = kAttributes}, (sharing->*Mutable)());
}

constexpr XmlElementRule<Sharing> kElements[] = {
    {"lxc:sharenet", XmlCount::kOnce, ReadShared<&Sharing::mutable_network>},
    {"lxc:shareipc", XmlCount::kOnce, ReadShared<&Sharing::mutable_ipc>},
    {"lxc:shareuts", XmlCount::kOnce, ReadShared<&Sharing::mutable_uts>},
};

bool IsShared(const Shared& shared) {
  return shared.kind() != Shared::KIND_UNSPECIFIED;
}

void WriteShared(XmlWriter* writer, absl::string_view name, const Shared& shared) {
  if (!IsShared(shared)) return;
  writer->Begin(name).Attribute("type", kNamespaceKinds[shared.kind() - 1]).Attribute("value", shared.value()).End();
}

}  // namespace

void ReadLxcNamespace(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Sharing>(reader, element, {.elements = kElements}, spec->mutable_namespaces());
}

void ResolveHostNetwork(v1::DomainSpec* spec) {
  const Shared& network = spec->namespaces().network();
  if (network.kind() == Shared::KIND_PID && network.value() == "1" &&
      spec->network_mode() == v1::NETWORK_MODE_UNSPECIFIED) {
    spec->set_network_mode(v1::NETWORK_MODE_HOST);
    spec->mutable_namespaces()->clear_network();
  }
  if (!spec->namespaces().has_network() && !spec->namespaces().has_ipc() && !spec->namespaces().has_uts()) {
    spec->clear_namespaces();
  }
}

bool HasLxcNamespace(const v1::DomainSpec& spec) {
  const Sharing& sharing = spec.namespaces();
  return IsShared(sharing.network()) || IsShared(sharing.ipc()) || IsShared(sharing.uts()) ||
         spec.network_mode() == v1::NETWORK_MODE_HOST;
}

void WriteLxcNamespace(XmlWriter* writer, const v1::DomainSpec& spec) {
  if (!HasLxcNamespace(spec)) return;
  writer->Begin("lxc:namespace");
  if (spec.network_mode() == v1::NETWORK_MODE_HOST) {
    writer->Begin("lxc:sharenet").Attribute("type", "pid").Attribute("value", "1").End();
  } else {
    WriteShared(writer, "lxc:sharenet", spec.namespaces().network());
  }
  WriteShared(writer, "lxc:shareipc", spec.namespaces().ipc());
  WriteShared(writer, "lxc:shareuts", spec.namespaces().uts());
  writer->End();
}

}  // namespace reeve::formats
