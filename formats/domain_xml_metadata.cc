// <metadata> holds what others keep in a document, verbatim, and one element of our own for what libvirt's XML has no
// element for: so a document keeps all of a specification, and libvirt keeps all of such a document.
#include "absl/strings/ascii.h"
#include "formats/domain_metadata.h"
#include "formats/domain_xml_sections.h"

namespace reeve::formats {

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
      ReadReeveElement(reader, child, spec);
    }
  }
}

void WriteMetadata(XmlWriter* writer, const v1::DomainSpec& spec) {
  if (spec.metadata().empty() && !HasReeveElement(spec)) return;
  writer->Begin("metadata");
  for (const std::string& element : spec.metadata()) writer->Verbatim(element);
  if (HasReeveElement(spec)) WriteReeveElement(writer, spec);
  writer->End();
}

}  // namespace reeve::formats
