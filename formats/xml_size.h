// Elements that are sizes with a unit. Only for the readers and writers of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <pugixml.hpp>

#include "absl/strings/string_view.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"

namespace reeve::formats {

// The text of an element that is a size, with its attribute unit, in KiB.
std::optional<uint64_t> ReadKibibytes(XmlReader* reader, pugi::xml_node element, absl::string_view default_unit);
// <name unit='KiB'>value</name>.
void WriteKibibytes(XmlWriter* writer, absl::string_view name, uint64_t kibibytes);

}  // namespace reeve::formats
