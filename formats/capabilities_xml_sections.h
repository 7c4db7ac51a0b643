// The sections of a capabilities document. Only for formats/capabilities_xml*.cc.
#pragma once

#include <pugixml.hpp>

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::formats {

// A name that is written as an element: a model from outside may have any. One that is not known reads as such again.
inline absl::string_view KnownName(absl::Span<const absl::string_view> known, absl::string_view name) {
  for (const absl::string_view candidate : known) {
    if (candidate == name) return candidate;
  }
  return "unknown";
}

// capabilities_xml_cpu.cc
void ReadHostCpu(XmlReader* reader, pugi::xml_node element, v1::HostDescription* host);
void WriteHostCpu(XmlWriter* writer, const v1::HostCpu& cpu);
void ReadPages(XmlReader* reader, pugi::xml_node element, bool counted, v1::HostPages* pages);
void WritePages(XmlWriter* writer, const v1::HostPages& pages);

// capabilities_xml_topology.cc
void ReadTopology(XmlReader* reader, pugi::xml_node element, v1::HostDescription* host);
void WriteTopology(XmlWriter* writer, const v1::HostDescription& host);

// capabilities_xml_resources.cc: caches and memory bandwidth that can be divided
void ReadCache(XmlReader* reader, pugi::xml_node element, v1::HostDescription* host);
void ReadMemoryBandwidth(XmlReader* reader, pugi::xml_node element, v1::HostDescription* host);
void WriteResources(XmlWriter* writer, const v1::HostDescription& host);

// capabilities_xml_guest.cc
void ReadGuest(XmlReader* reader, pugi::xml_node element, v1::HostCapabilities* capabilities);
void WriteGuest(XmlWriter* writer, const v1::GuestCapability& guest);

}  // namespace reeve::formats
