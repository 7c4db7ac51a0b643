// Numbers that documents write in several bases. Only for the readers of this folder.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/xml_reader.h"

namespace reeve::formats {

// A number: decimal, hexadecimal with "0x", octal with "0", as strtoul(3) with base 0; at most `max`. Else a fault.
std::optional<uint64_t> ReadAnyNumber(XmlReader* reader, const XmlValue& value, uint64_t max);

// An octal number with or without a leading zero, at most `max`. Else a fault.
std::optional<uint64_t> ReadOctal(XmlReader* reader, const XmlValue& value, uint64_t max);

// A size in bytes: the element's text times its attribute unit (default bytes); other attributes are refused.
std::optional<uint64_t> ReadBytes(XmlReader* reader, pugi::xml_node element);

}  // namespace reeve::formats
