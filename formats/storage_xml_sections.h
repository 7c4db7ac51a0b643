// Parts that pools and volumes share, and the parts of pools. Only for storage_*_xml.cc.
#pragma once

#include <string>

#include "formats/storage_pool_types.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/storage.pb.h"

namespace reeve::formats {

// storage_xml_common.cc
void ReadPermissions(XmlReader* reader, pugi::xml_node element, v1::StoragePermissions* permissions);
void WritePermissions(XmlWriter* writer, const v1::StoragePermissions& permissions);
void ReadSecretReference(XmlReader* reader, pugi::xml_node element, v1::SecretReference* secret);
void WriteSecretReference(XmlWriter* writer, const v1::SecretReference& secret);
// A path without repeated slashes and without one at its end; "//" at the begin stays, it may mean another root (POSIX
// 4.13).
std::string CleanPath(absl::string_view path);

// storage_pool_source.cc
void ReadPoolSource(XmlReader* reader, pugi::xml_node element, const StoragePoolType& type,
                    v1::StoragePoolSource* source);
void WritePoolSource(XmlWriter* writer, const v1::StoragePoolSource& source);

// storage_adapter_xml.cc
void ReadAdapter(XmlReader* reader, pugi::xml_node element, v1::StorageAdapter* adapter);
void WriteAdapter(XmlWriter* writer, const v1::StorageAdapter& adapter);

// storage_encryption_xml.cc
void ReadEncryption(XmlReader* reader, pugi::xml_node element, v1::StorageEncryption* encryption);
void WriteEncryption(XmlWriter* writer, const v1::StorageEncryption& encryption);

}  // namespace reeve::formats
