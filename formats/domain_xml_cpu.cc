#include <cstring>

#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/scaled_size.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Cpu = v1::Cpu;
using Topology = v1::CpuTopology;
using Cache = v1::CpuCache;
using Address = v1::MaximumPhysicalAddress;
using Feature = v1::CpuFeature;
using Cell = v1::NumaCell;
using Distance = v1::NumaDistance;
using Vcpu = v1::Vcpu;

constexpr XmlAttributeRule<Cpu> kAttributes[] = {
    {"mode", AttributeWord<&Cpu::mutable_mode, kCpuModes>},
    {"match", AttributeWord<&Cpu::mutable_match, kCpuMatches>},
    {"check", AttributeWord<&Cpu::mutable_check, kCpuChecks>},
    {"migratable", AttributeOnOff<&Cpu::set_migratable>},
};

constexpr XmlAttributeRule<Cpu> kModelAttributes[] = {
    {"fallback", AttributeWord<&Cpu::mutable_fallback, kCpuFallbacks>},
    {"vendor_id", AttributeText<&Cpu::mutable_vendor_id>},
};

constexpr XmlAttributeRule<Topology> kTopology[] = {
    {"sockets", AttributeNumber<&Topology::set_sockets>},
    {"dies", AttributeNumber<&Topology::set_dies>},
    {"cores", AttributeNumber<&Topology::set_cores>},
    {"threads", AttributeNumber<&Topology::set_threads>},
};

constexpr XmlAttributeRule<Cache> kCache[] = {
    {"level", AttributeNumber<&Cache::set_level>},
    {"mode", AttributeWord<&Cache::mutable_mode, kCpuCacheModes>},
};

constexpr XmlAttributeRule<Address> kAddress[] = {
    {"mode", AttributeWord<&Address::mutable_mode, kPhysicalAddressModes>},
    {"bits", AttributeNumber<&Address::set_bits>},
};

constexpr XmlAttributeRule<Feature> kFeature[] = {
    {"policy", AttributeWord<&Feature::mutable_policy, kCpuFeaturePolicies>},
    {"name", AttributeText<&Feature::mutable_name>},
};

void ReadFeature(XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
  const pugi::xml_attribute name = element.attribute("name");
  if (!name) reader->Invalid(element, "has no attribute name");
  for (const Feature& other : cpu->features()) {
    if (other.name() == name.value()) reader->Invalid(element, "is of a feature that is there already");
  }
  ReadXml<Feature>(reader, element, {.attributes = kFeature}, cpu->add_features());
}

constexpr XmlAttributeRule<Distance> kSibling[] = {
    {"id", AttributeNumber<&Distance::set_id>},
    {"value", AttributeNumber<&Distance::set_value>},
};

void ReadSibling(XmlReader* reader, pugi::xml_node element, Cell* cell) {
  Distance* distance = cell->add_distances();
  ReadXml<Distance>(reader, element, {.attributes = kSibling}, distance);
  if (!element.attribute("id") || !element.attribute("value")) {
    reader->Invalid(element, "has not both of id and value");
  } else if (distance->value() < 10 || distance->value() > 255) {
    reader->Invalid(element, "has a distance that is not from 10 to 255");
  }
}

constexpr XmlElementRule<Cell> kDistances[] = {{"sibling", XmlCount::kRepeated, ReadSibling}};

// The unit of the memory stands in an attribute beside it.
constexpr XmlAttributeRule<Cell> kCellAttributes[] = {
    {"id", AttributeNumber<&Cell::set_id>},
    {"cpus", AttributeText<&Cell::mutable_cpus>},
    {"memory",
     [](XmlReader* reader, const XmlValue& value, Cell* cell) {
       const auto number = reader->Unsigned(value);
       if (!number) return;
       const auto kibibytes = ScaledKibibytes(*number, value.element.attribute("unit").value(), "KiB");
       if (!kibibytes.ok()) return reader->Invalid(value, absl::StrCat("is wrong: ", kibibytes.status().message()));
       cell->set_memory_kib(*kibibytes);
     }},
    {"unit", [](XmlReader*, const XmlValue&, Cell*) {}},
    {"memAccess", AttributeWord<&Cell::mutable_memory_access, kMemoryAccessModes>},
    {"discard", AttributeYesNo<&Cell::set_discard>},
};

constexpr XmlElementRule<Cell> kCellElements[] = {
    {"distances", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cell* cell) {
       ReadXml<Cell>(reader, element, {.elements = kDistances}, cell);
     }},
};

constexpr XmlElementRule<Cpu> kNumaElements[] = {
    {"cell", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
       if (!element.attribute("memory")) reader->Invalid(element, "has no attribute memory");
       ReadXml<Cell>(reader, element, {.attributes = kCellAttributes, .elements = kCellElements},
                     cpu->add_numa_cells());
     }},
};

constexpr XmlElementRule<Cpu> kElements[] = {
    {"model", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
       ReadXml<Cpu>(reader, element, {.attributes = kModelAttributes, .text = AttributeText<&Cpu::mutable_model>}, cpu);
     }},
    {"vendor", XmlCount::kOnce, ElementText<&Cpu::mutable_vendor>},
    {"topology", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_topology, kTopology, Cpu>},
    {"cache", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_cache, kCache, Cpu>},
    {"maxphysaddr", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_maximum_physical_address, kAddress, Cpu>},
    {"feature", XmlCount::kRepeated, ReadFeature},
    {"numa", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
       ReadXml<Cpu>(reader, element, {.elements = kNumaElements}, cpu);
     }},
};

void WriteCell(XmlWriter* writer, const Cell& cell, int place) {
  writer->Begin("cell")
      .Attribute("id", cell.has_id() ? cell.id() : static_cast<uint32_t>(place))
      .OptionalAttribute("cpus", cell.cpus())
      .Attribute("memory", cell.memory_kib())
      .Attribute("unit", "KiB")
      .OptionalAttribute("memAccess", cell.memory_access());
  if (cell.has_discard()) writer->Attribute("discard", cell.discard() ? "yes" : "no");
  if (!cell.distances().empty()) {
    writer->Begin("distances");
    for (const Distance& distance : cell.distances()) {
      writer->Begin("sibling").Attribute("id", distance.id()).Attribute("value", distance.value()).End();
    }
    writer->End();
  }
  writer->End();
}

void WriteModel(XmlWriter* writer, const Cpu& cpu) {
  const bool custom = cpu.mode().empty() || cpu.mode() == "custom";
  const bool host_model = cpu.mode() == "host-model";
  if (!host_model && (!custom || cpu.model().empty())) return;
  writer->Begin("model")
      .Attribute("fallback", cpu.fallback().empty() ? "allow" : cpu.fallback())
      .OptionalAttribute("vendor_id", cpu.vendor_id());
  if (!cpu.model().empty()) writer->Text(cpu.model());
  writer->End();
}

constexpr XmlAttributeRule<Vcpu> kVcpuAttributes[] = {
    {"id", AttributeNumber<&Vcpu::set_id>},
    {"enabled", AttributeYesNo<&Vcpu::set_enabled>},
    {"hotpluggable", AttributeYesNo<&Vcpu::set_hotpluggable>},
    {"order", AttributeNumber<&Vcpu::set_order>},
};

constexpr XmlElementRule<v1::DomainSpec> kVcpuElements[] = {
    {"vcpu", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
       for (const char* wanted : {"id", "enabled"}) {
         if (!element.attribute(wanted)) reader->Invalid(element, absl::StrCat("has no attribute ", wanted));
       }
       ReadXml<Vcpu>(reader, element, {.attributes = kVcpuAttributes}, spec->add_individual_vcpus());
     }},
};

}  // namespace

void ReadCpu(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  Cpu* cpu = spec->mutable_cpu();
  ReadXml<Cpu>(reader, element, {.attributes = kAttributes, .elements = kElements}, cpu);
  const bool custom = cpu->mode().empty() || cpu->mode() == "custom";
  if (custom && cpu->model().empty() && !cpu->features().empty()) {
    reader->Invalid(element, "has features and no model");
  }
}

void WriteCpu(XmlWriter* writer, const Cpu& cpu) {
  writer->Begin("cpu");
  const bool custom = cpu.mode().empty() || cpu.mode() == "custom";
  if (!custom || !cpu.model().empty()) writer->Attribute("mode", cpu.mode().empty() ? "custom" : cpu.mode());
  if (custom && !cpu.model().empty()) writer->Attribute("match", cpu.match().empty() ? "exact" : cpu.match());
  if (custom && cpu.model().empty()) writer->OptionalAttribute("match", cpu.match());
  writer->OptionalAttribute("check", cpu.check());
  if (cpu.has_migratable()) writer->Attribute("migratable", cpu.migratable() ? "on" : "off");
  WriteModel(writer, cpu);
  writer->OptionalElement("vendor", cpu.vendor());
  if (cpu.has_topology()) {
    writer->Begin("topology")
        .Attribute("sockets", cpu.topology().sockets())
        .Attribute("dies", cpu.topology().dies() == 0 ? 1 : cpu.topology().dies())
        .Attribute("cores", cpu.topology().cores())
        .Attribute("threads", cpu.topology().threads())
        .End();
  }
  if (cpu.has_cache()) {
    writer->Begin("cache");
    if (cpu.cache().has_level()) writer->Attribute("level", cpu.cache().level());
    writer->Attribute("mode", cpu.cache().mode()).End();
  }
  if (cpu.has_maximum_physical_address()) {
    writer->Begin("maxphysaddr").Attribute("mode", cpu.maximum_physical_address().mode());
    if (cpu.maximum_physical_address().has_bits()) writer->Attribute("bits", cpu.maximum_physical_address().bits());
    writer->End();
  }
  for (const Feature& feature : cpu.features()) {
    writer->Begin("feature")
        .Attribute("policy", feature.policy().empty() ? "require" : feature.policy())
        .Attribute("name", feature.name())
        .End();
  }
  if (!cpu.numa_cells().empty()) {
    writer->Begin("numa");
    for (int i = 0; i < cpu.numa_cells_size(); ++i) WriteCell(writer, cpu.numa_cells(i), i);
    writer->End();
  }
  writer->End();
}

void ReadVcpus(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::DomainSpec>(reader, element, {.elements = kVcpuElements}, spec);
}

void WriteVcpus(XmlWriter* writer, const v1::DomainSpec& spec) {
  if (spec.individual_vcpus().empty()) return;
  writer->Begin("vcpus");
  for (const Vcpu& vcpu : spec.individual_vcpus()) {
    writer->Begin("vcpu").Attribute("id", vcpu.id()).Attribute("enabled", vcpu.enabled() ? "yes" : "no");
    if (vcpu.has_hotpluggable()) writer->Attribute("hotpluggable", vcpu.hotpluggable() ? "yes" : "no");
    if (vcpu.has_order()) writer->Attribute("order", vcpu.order());
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats
