// The sections of domain XML, each with its reader and its writer in a file of its own. Only for formats/domain_xml.cc
// and those files. A reader tells the XmlReader of every fault and goes on; a writer writes nothing for what is not
// set.
#pragma once

#include <pugixml.hpp>

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// The text of an element that is a size, with its attribute unit, in KiB.
std::optional<uint64_t> ReadKibibytes(XmlReader* reader, pugi::xml_node element, absl::string_view default_unit);
// <name unit='KiB'>value</name>.
void WriteKibibytes(XmlWriter* writer, absl::string_view name, uint64_t kibibytes);

// domain_xml_metadata.cc
void ReadMetadata(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteMetadata(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_tuning.cc
void ReadBlockIoTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadMemoryTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadVcpu(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadCpuTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadNumaTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadResource(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteTuning(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_os.cc
void ReadOs(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteOs(XmlWriter* writer, const v1::OperatingSystem& os, absl::string_view default_type);
void ReadIdMap(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteIdMap(XmlWriter* writer, const v1::IdMap& map);

// domain_xml_features.cc
void ReadFeatures(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteFeatures(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_clock.cc
void ReadClock(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteClock(XmlWriter* writer, const v1::Clock& clock);

// domain_xml_devices.cc
void ReadDevices(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteDevices(XmlWriter* writer, const v1::Devices& devices, absl::string_view default_console_target);

// domain_xml_filesystem.cc
void ReadFilesystem(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteFilesystem(XmlWriter* writer, const v1::Filesystem& filesystem);

// domain_xml_disk.cc
void ReadDisk(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteDisk(XmlWriter* writer, const v1::Disk& disk);

// domain_xml_interface.cc
void ReadInterface(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteInterface(XmlWriter* writer, const v1::Interface& interface);

// domain_xml_switch.cc: how an interface is joined to a switch
void ReadVlan(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadVirtualPort(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadBandwidth(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadFilter(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void WriteSwitch(XmlWriter* writer, const v1::Interface& interface);
void WriteFilter(XmlWriter* writer, const v1::NetworkFilterReference& filter);

// domain_xml_address.cc: <ip> and <route>
void ReadAddress(XmlReader* reader, pugi::xml_node element, v1::InterfaceAddress* address);
void ReadRoute(XmlReader* reader, pugi::xml_node element, v1::InterfaceRoute* route);
void WriteAddress(XmlWriter* writer, const v1::InterfaceAddress& address);
void WriteRoute(XmlWriter* writer, const v1::InterfaceRoute& route);

// domain_xml_hostdev.cc
void ReadHostDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteHostDevice(XmlWriter* writer, const v1::HostDevice& device);

// domain_xml_seclabel.cc
void ReadSecurityLabel(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteSecurityLabel(XmlWriter* writer, const v1::SecurityLabel& label);

// domain_xml_lxc.cc: libvirt's own namespace for LXC
void ReadLxcNamespace(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
// The first process of the host is in the host's namespaces: sharing its network is how a document asks for the host's.
// Called when the whole document is read.
void ResolveHostNetwork(v1::DomainSpec* spec);
void WriteLxcNamespace(XmlWriter* writer, const v1::DomainSpec& spec);
bool HasLxcNamespace(const v1::DomainSpec& spec);

}  // namespace reeve::formats
