// <metadata> holds what others keep in a document, verbatim, and one element of our own for what libvirt's XML has no
// element for: so a document keeps all of a specification, and libvirt keeps all of such a document.
#include "absl/strings/ascii.h"
#include "formats/domain_metadata.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Signals = v1::ShutdownSignals;

constexpr absl::string_view kReeveNamespace = "urn:reeve:domain:1";

template <auto Mutable>
void ReadSignal(XmlReader* reader, pugi::xml_node element, Signals* signals) {
  static constexpr XmlAttributeRule<Signals> kAttributes[] = {{"signal", AttributeText<Mutable>}};
  ReadXml<Signals>(reader, element, {.attributes = kAttributes}, signals);
}

constexpr XmlAttributeRule<Signals> kReeveAttributes[] = {
    {"xmlns:reeve", [](XmlReader*, const XmlValue&, Signals*) {}},
};

constexpr XmlElementRule<Signals> kReeveElements[] = {
    {"reeve:shutdown", XmlCount::kOnce, ReadSignal<&Signals::mutable_shutdown>},
    {"reeve:reboot", XmlCount::kOnce, ReadSignal<&Signals::mutable_reboot>},
};

bool IsReeveElement(pugi::xml_node element) {
  return absl::string_view(element.name()) == "reeve:domain" &&
         absl::string_view(element.attribute("xmlns:reeve").value()) == kReeveNamespace;
}

bool HasSignals(const Signals& signals) {
  return !signals.shutdown().empty() || !signals.reboot().empty();
}

void WriteSignal(XmlWriter* writer, absl::string_view name, const std::string& signal) {
  if (!signal.empty()) writer->Begin(name).Attribute("signal", signal).End();
}

}  // namespace

void ReadMetadata(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  size_t place = 0;
  bool has_own = false;
  if (element.first_attribute()) reader->UnknownAttribute({"", element, element.first_attribute()});
  for (const pugi::xml_node child : element.children()) {
    if (reader->full()) return;
    if (child.type() != pugi::node_element) {
      if (!IsBlankText(child.value())) reader->Invalid(element, "has text outside its elements");
      continue;
    }
    const absl::string_view text = reader->MetadataText(place++);
    if (auto fault = FindMetadataFault(text)) {
      reader->Fail(v1::REASON_DOCUMENT_MALFORMED, reader->OffsetOf(child) + fault->offset,
                   std::move(fault->description));
    } else if (!IsReeveElement(child)) {
      spec->add_metadata(std::string(text));
    } else if (has_own) {
      reader->Invalid(child, "is there twice");
    } else {
      has_own = true;
      ReadXml<Signals>(reader, child, {.attributes = kReeveAttributes, .elements = kReeveElements},
                       spec->mutable_shutdown_signals());
    }
  }
}

void WriteMetadata(XmlWriter* writer, const v1::DomainSpec& spec) {
  const bool signals = HasSignals(spec.shutdown_signals());
  if (spec.metadata().empty() && !signals) return;
  writer->Begin("metadata");
  for (const std::string& element : spec.metadata()) writer->Verbatim(element);
  if (signals) {
    writer->Begin("reeve:domain").Attribute("xmlns:reeve", kReeveNamespace);
    WriteSignal(writer, "reeve:shutdown", spec.shutdown_signals().shutdown());
    WriteSignal(writer, "reeve:reboot", spec.shutdown_signals().reboot());
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats
