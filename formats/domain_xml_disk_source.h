// Where a disk's content comes from, and what is needed to reach it. Only for formats/domain_xml_disk.cc.
#pragma once

#include <pugixml.hpp>

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

void ReadDiskSource(XmlReader* reader, pugi::xml_node element, v1::Disk* disk);
void WriteDiskSource(XmlWriter* writer, const v1::Disk& disk);
void ReadDiskAuthentication(XmlReader* reader, pugi::xml_node element, v1::Disk* disk);
void WriteDiskAuthentication(XmlWriter* writer, const v1::Disk& disk);
void ReadDiskEncryption(XmlReader* reader, pugi::xml_node element, v1::Disk* disk);
void WriteDiskEncryption(XmlWriter* writer, const v1::Disk& disk);

}  // namespace reeve::formats
