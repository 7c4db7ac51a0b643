// <link speed='1000' state='up'/>, which interfaces and node devices have.
#pragma once

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/interface_config.pb.h"

namespace reeve::formats {

void ReadLink(XmlReader* reader, pugi::xml_node element, v1::LinkState* link);
// Nothing when neither is known.
void WriteLink(XmlWriter* writer, const v1::LinkState& link);

}  // namespace reeve::formats
