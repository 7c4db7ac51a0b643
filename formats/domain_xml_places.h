// From a field of the specification to the element of the document that it was read from. Only for
// formats/domain_xml.cc.
#pragma once

#include <vector>

#include "formats/spec_faults.h"
#include "formats/xml_reader.h"

namespace reeve::formats {

// Tells the reader of each fault, at the nearest element that is known to hold the field.
void FailAtPlaces(XmlReader* reader, pugi::xml_node root, const std::vector<SpecFault>& faults);

}  // namespace reeve::formats
