// How ports are joined to a switch: <vlan>, <virtualport> and <bandwidth> as networks and port groups have them.
#pragma once

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Tables of this folder's readers call them as elements; each tells the reader of every fault.
void ReadSwitchVlan(XmlReader* reader, pugi::xml_node element, v1::Vlan* vlan);
void ReadSwitchPort(XmlReader* reader, pugi::xml_node element, v1::VirtualPort* port);
void ReadSwitchBandwidth(XmlReader* reader, pugi::xml_node element, v1::Bandwidth* bandwidth);

// They write nothing for what says nothing.
void WriteSwitchVlan(XmlWriter* writer, const v1::Vlan& vlan);
void WriteSwitchPort(XmlWriter* writer, const v1::VirtualPort& port);
void WriteSwitchBandwidth(XmlWriter* writer, const v1::Bandwidth& bandwidth);

}  // namespace reeve::formats
