#include "formats/capabilities_xml.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/xml_writer.h"

namespace reeve::formats {
namespace {

void WriteCpu(XmlWriter* writer, const HostCpu& cpu) {
  writer->Begin("cpu").Attribute("id", cpu.id);
  if (cpu.place) {
    writer->Attribute("socket_id", cpu.place->socket_id)
        .Attribute("die_id", cpu.place->die_id)
        .Attribute("core_id", cpu.place->core_id)
        .Attribute("siblings", cpu.place->siblings.empty() ? absl::StrCat(cpu.id) : cpu.place->siblings);
  }
  writer->End();
}

void WriteCell(XmlWriter* writer, const HostCell& cell) {
  writer->Begin("cell").Attribute("id", cell.id);
  if (cell.memory_kib != 0) {
    writer->Begin("memory").Attribute("unit", "KiB").Text(absl::StrCat(cell.memory_kib)).End();
  }
  writer->Begin("cpus").Attribute("num", cell.cpus.size());
  for (const HostCpu& cpu : cell.cpus) WriteCpu(writer, cpu);
  writer->End();
  writer->End();
}

std::vector<HostCell> CellsOf(const HostFacts& host) {
  if (!host.cells.empty()) return host.cells;
  HostCell cell{.memory_kib = host.memory_kib};
  for (uint32_t id = 0; id < host.cpus; ++id) cell.cpus.push_back({.id = id});
  return {cell};
}

void WriteGuest(XmlWriter* writer, const GuestCapability& guest) {
  writer->Begin("guest");
  writer->Element("os_type", guest.os_type);
  writer->Begin("arch").Attribute("name", guest.architecture);
  writer->Element("wordsize", guest.word_size);
  writer->OptionalElement("emulator", guest.emulator);
  for (const std::string& machine : guest.machines) writer->Element("machine", machine);
  writer->Begin("domain").Attribute("type", guest.domain_type).End();
  writer->End();
  writer->End();
}

}  // namespace

std::string WriteCapabilitiesXml(const HostFacts& host) {
  XmlWriter writer;
  writer.Begin("capabilities");
  writer.Begin("host");
  writer.OptionalElement("uuid", host.uuid);
  writer.Begin("cpu");
  writer.Element("arch", host.architecture);
  writer.End();
  const std::vector<HostCell> cells = CellsOf(host);
  writer.Begin("topology").Begin("cells").Attribute("num", cells.size());
  for (const HostCell& cell : cells) WriteCell(&writer, cell);
  writer.End();
  writer.End();
  writer.End();
  for (const GuestCapability& guest : host.guests) WriteGuest(&writer, guest);
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
