#include "formats/capabilities_xml_sections.h"
#include "formats/xml_messages.h"
#include "formats/xml_size.h"

namespace reeve::formats {
namespace {

using Host = v1::HostDescription;
using Cell = v1::HostCell;
using Cache = v1::HostCellCache;
using Processor = v1::HostProcessor;
using Place = v1::ProcessorPlace;
using Distance = v1::NumaDistance;
using Interconnect = v1::NumaInterconnect;

constexpr absl::string_view kAssociativities[] = {"none", "direct", "full"};
constexpr absl::string_view kPolicies[] = {"none", "writeback", "writethrough"};
constexpr absl::string_view kOperations[] = {"access", "read", "write"};

// How many there are stands in the list itself.
template <typename T>
void PassOverNumber(XmlReader* reader, const XmlValue& value, T*) {
  (void)reader->Unsigned(value);
}

template <auto Set>
void ReadPlaceNumber(XmlReader* reader, const XmlValue& value, Processor* processor) {
  AttributeNumber<Set>(reader, value, processor->mutable_place());
}

constexpr XmlAttributeRule<Processor> kProcessor[] = {
    {"id", AttributeNumber<&Processor::set_id>},
    {"socket_id", ReadPlaceNumber<&Place::set_socket>},
    {"die_id", ReadPlaceNumber<&Place::set_die>},
    {"core_id", ReadPlaceNumber<&Place::set_core>},
    {"siblings", [](XmlReader*, const XmlValue& value,
                    Processor* processor) { processor->mutable_place()->set_siblings(std::string(value.text)); }},
};

void ReadProcessor(XmlReader* reader, pugi::xml_node element, Cell* cell) {
  RequireAttributes(reader, element, {"id"});
  ReadXml<Processor>(reader, element, {.attributes = kProcessor}, cell->add_processors());
}

constexpr XmlAttributeRule<Distance> kSibling[] = {
    {"id", AttributeNumber<&Distance::set_id>},
    {"value", AttributeNumber<&Distance::set_value>},
};

constexpr XmlElementRule<Cell> kDistances[] = {
    {"sibling", XmlCount::kRepeated, ElementAttributesOf<&Cell::add_distances, kSibling, Cell>},
};

template <auto SetValue, auto MutableUnit>
void ReadMeasure(XmlReader* reader, pugi::xml_node element, Cache* cache) {
  static constexpr XmlAttributeRule<Cache> kAttributes[] = {
      {"value", AttributeNumber<SetValue, Cache>},
      {"unit", AttributeText<MutableUnit, Cache>},
  };
  RequireAttributes(reader, element, {"value", "unit"});
  ReadXml<Cache>(reader, element, {.attributes = kAttributes}, cache);
}

constexpr XmlAttributeRule<Cache> kCacheAttributes[] = {
    {"level", AttributeNumber<&Cache::set_level>},
    {"associativity", AttributeWord<&Cache::mutable_associativity, kAssociativities>},
    {"policy", AttributeWord<&Cache::mutable_policy, kPolicies>},
};

constexpr XmlElementRule<Cache> kCacheElements[] = {
    {"size", XmlCount::kOnce, ReadMeasure<&Cache::set_size, &Cache::mutable_size_unit>},
    {"line", XmlCount::kOnce, ReadMeasure<&Cache::set_line, &Cache::mutable_line_unit>},
};

constexpr XmlAttributeRule<Cell> kCellAttributes[] = {{"id", AttributeNumber<&Cell::set_id>}};

constexpr XmlAttributeRule<Cell> kCpusAttributes[] = {{"num", PassOverNumber<Cell>}};
constexpr XmlElementRule<Cell> kCpusElements[] = {{"cpu", XmlCount::kRepeated, ReadProcessor}};

constexpr XmlElementRule<Cell> kCellElements[] = {
    {"memory", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cell* cell) {
       if (const auto memory = ReadKibibytes(reader, element, "KiB")) cell->set_memory_kib(*memory);
     }},
    {"pages", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Cell* cell) {
       ReadPages(reader, element, true, cell->add_pages());
     }},
    {"distances", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cell* cell) {
       ReadXml<Cell>(reader, element, {.elements = kDistances}, cell);
     }},
    {"cache", XmlCount::kRepeated, ElementOf<&Cell::add_caches, kCacheAttributes, kCacheElements, Cell>},
    {"cpus", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cell* cell) {
       cell->set_processors_told(true);
       ReadXml<Cell>(reader, element, {.attributes = kCpusAttributes, .elements = kCpusElements}, cell);
     }},
};

constexpr XmlAttributeRule<Host> kCellsAttributes[] = {{"num", PassOverNumber<Host>}};

constexpr XmlElementRule<Host> kCellsElements[] = {
    {"cell", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Host* host) {
       RequireAttributes(reader, element, {"id"});
       ReadXml<Cell>(reader, element, {.attributes = kCellAttributes, .elements = kCellElements}, host->add_cells());
     }},
};

constexpr XmlAttributeRule<Interconnect> kInterconnect[] = {
    {"initiator", AttributeNumber<&Interconnect::set_initiator>},
    {"target", AttributeNumber<&Interconnect::set_target>},
    {"cache", AttributeNumber<&Interconnect::set_cache>},
    {"type", AttributeWord<&Interconnect::mutable_operation, kOperations>},
    {"value", AttributeNumber<&Interconnect::set_value>},
    {"unit", AttributeText<&Interconnect::mutable_unit>},
};

template <Interconnect::Type Type>
void ReadInterconnect(XmlReader* reader, pugi::xml_node element, Host* host) {
  RequireAttributes(reader, element, {"initiator", "target", "type", "value"});
  Interconnect* interconnect = host->add_interconnects();
  interconnect->set_type(Type);
  ReadXml<Interconnect>(reader, element, {.attributes = kInterconnect}, interconnect);
}

constexpr XmlElementRule<Host> kInterconnects[] = {
    {"latency", XmlCount::kRepeated, ReadInterconnect<Interconnect::TYPE_LATENCY>},
    {"bandwidth", XmlCount::kRepeated, ReadInterconnect<Interconnect::TYPE_BANDWIDTH>},
};

constexpr XmlElementRule<Host> kTopology[] = {
    {"cells", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Host* host) {
       RequireElements(reader, element, {"cell"});
       ReadXml<Host>(reader, element, {.attributes = kCellsAttributes, .elements = kCellsElements}, host);
     }},
    {"interconnects", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Host* host) {
       ReadXml<Host>(reader, element, {.elements = kInterconnects}, host);
     }},
};

void WriteProcessor(XmlWriter* writer, const Processor& processor) {
  writer->Begin("cpu").Attribute("id", processor.id());
  if (processor.has_place()) {
    const Place& place = processor.place();
    writer->Attribute("socket_id", place.socket())
        .Attribute("die_id", place.die())
        .Attribute("core_id", place.core())
        .Attribute("siblings", place.siblings().empty() ? absl::StrCat(processor.id()) : place.siblings());
  }
  writer->End();
}

void WriteCell(XmlWriter* writer, const Cell& cell) {
  writer->Begin("cell").Attribute("id", cell.id());
  if (cell.has_memory_kib()) WriteKibibytes(writer, "memory", cell.memory_kib());
  for (const v1::HostPages& pages : cell.pages()) WritePages(writer, pages);
  if (!cell.distances().empty()) {
    writer->Begin("distances");
    for (const Distance& distance : cell.distances()) {
      writer->Begin("sibling").Attribute("id", distance.id()).Attribute("value", distance.value()).End();
    }
    writer->End();
  }
  for (const Cache& cache : cell.caches()) {
    writer->Begin("cache")
        .Attribute("level", cache.level())
        .Attribute("associativity", cache.associativity())
        .Attribute("policy", cache.policy());
    writer->Begin("size").Attribute("value", cache.size()).Attribute("unit", cache.size_unit()).End();
    writer->Begin("line").Attribute("value", cache.line()).Attribute("unit", cache.line_unit()).End();
    writer->End();
  }
  if (cell.processors_told() || !cell.processors().empty()) {
    writer->Begin("cpus").Attribute("num", cell.processors_size());
    for (const Processor& processor : cell.processors()) WriteProcessor(writer, processor);
    writer->End();
  }
  writer->End();
}

}  // namespace

void ReadTopology(XmlReader* reader, pugi::xml_node element, Host* host) {
  RequireElements(reader, element, {"cells"});
  ReadXml<Host>(reader, element, {.elements = kTopology}, host);
}

void WriteTopology(XmlWriter* writer, const Host& host) {
  if (host.cells().empty()) return;
  writer->Begin("topology").Begin("cells").Attribute("num", host.cells_size());
  for (const Cell& cell : host.cells()) WriteCell(writer, cell);
  writer->End();
  if (!host.interconnects().empty()) {
    writer->Begin("interconnects");
    for (const Interconnect& interconnect : host.interconnects()) {
      const bool bandwidth = interconnect.type() == Interconnect::TYPE_BANDWIDTH;
      writer->Begin(bandwidth ? "bandwidth" : "latency")
          .Attribute("initiator", interconnect.initiator())
          .Attribute("target", interconnect.target());
      if (interconnect.has_cache()) writer->Attribute("cache", interconnect.cache());
      writer->Attribute("type", interconnect.operation()).Attribute("value", interconnect.value());
      if (bandwidth) writer->Attribute("unit", interconnect.unit());
      writer->End();
    }
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats
