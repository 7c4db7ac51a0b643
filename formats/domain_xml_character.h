// The host's end of character devices, which serial ports, consoles, smart card readers, redirected devices and sources
// of random numbers share. Only for formats/domain_xml*.cc.
#pragma once

#include <pugixml.hpp>

#include "absl/strings/string_view.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Whether the path of a socket may be left to the driver.
enum class PathRule { kRequired, kChosenForSockets };

// Reads <source>, <log> and <protocol> below `parent`, whose type is known, and tells what is missing.
void ReadCharacterSource(XmlReader* reader, pugi::xml_node parent, absl::string_view type, PathRule path_rule,
                         v1::CharacterSource* source);
void WriteCharacterSource(XmlWriter* writer, absl::string_view type, const v1::CharacterSource& source);

}  // namespace reeve::formats
