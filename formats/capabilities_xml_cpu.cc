#include "formats/capabilities_xml_sections.h"
#include "formats/domain_words.h"
#include "formats/scaled_size.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Cpu = v1::HostCpu;
using Signature = v1::CpuSignature;
using Counter = v1::CpuCounter;
using Topology = v1::CpuTopology;
using Address = v1::MaximumPhysicalAddress;

constexpr absl::string_view kFlags[] = {"pae", "nonpae", "vmx", "svm"};

void ReadFlags(XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
  static constexpr auto kRead = [](XmlReader* inner, pugi::xml_node flag, Cpu* out) {
    ReadXml<Cpu>(inner, flag, {}, out);
    out->add_flags(flag.name());
  };
  static constexpr XmlElementRule<Cpu> kElements[] = {
      {kFlags[0], XmlCount::kOnce, kRead},
      {kFlags[1], XmlCount::kOnce, kRead},
      {kFlags[2], XmlCount::kOnce, kRead},
      {kFlags[3], XmlCount::kOnce, kRead},
  };
  ReadXml<Cpu>(reader, element, {.elements = kElements}, cpu);
}

constexpr XmlAttributeRule<Cpu> kMicrocode[] = {{"version", AttributeNumber<&Cpu::set_microcode>}};

constexpr XmlAttributeRule<Signature> kSignature[] = {
    {"family", AttributeNumber<&Signature::set_family>},
    {"model", AttributeNumber<&Signature::set_model>},
    {"stepping", AttributeNumber<&Signature::set_stepping>},
};

constexpr XmlAttributeRule<Counter> kCounter[] = {
    {"name", AttributeText<&Counter::mutable_name>},
    {"frequency", AttributeNumber<&Counter::set_frequency>},
    {"scaling", AttributeYesNo<&Counter::set_scaling>},
};

constexpr XmlAttributeRule<Topology> kTopology[] = {
    {"sockets", AttributeNumber<&Topology::set_sockets>},
    {"dies", AttributeNumber<&Topology::set_dies>},
    {"cores", AttributeNumber<&Topology::set_cores>},
    {"threads", AttributeNumber<&Topology::set_threads>},
};

constexpr XmlAttributeRule<Address> kAddress[] = {
    {"mode", AttributeWord<&Address::mutable_mode, kPhysicalAddressModes>},
    {"bits", AttributeNumber<&Address::set_bits>},
};

constexpr XmlAttributeRule<Cpu> kFeature[] = {
    {"name", [](XmlReader*, const XmlValue& value, Cpu* cpu) { cpu->add_features(std::string(value.text)); }},
};

void ReadFeature(XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
  RequireAttributes(reader, element, {"name"});
  ReadXml<Cpu>(reader, element, {.attributes = kFeature}, cpu);
}

}  // namespace

// <pages unit='KiB' size='4'/>, in a memory node with their number as text.
void ReadPages(XmlReader* reader, pugi::xml_node element, bool counted, v1::HostPages* pages) {
  static constexpr XmlAttributeRule<v1::HostPages> kAttributes[] = {
      {"unit", [](XmlReader*, const XmlValue&, v1::HostPages*) {}},
      {"size",
       [](XmlReader* inner, const XmlValue& value, v1::HostPages* out) {
         const auto number = inner->Unsigned(value);
         if (!number) return;
         const auto size = ScaledKibibytes(*number, value.element.attribute("unit").value(), "KiB");
         if (!size.ok()) return inner->Invalid(value, absl::StrCat("is wrong: ", size.status().message()));
         out->set_size_kib(*size);
       }},
  };
  RequireAttributes(reader, element, {"size"});
  if (counted) {
    ReadXml<v1::HostPages>(reader, element,
                           {.attributes = kAttributes, .text = AttributeNumber<&v1::HostPages::set_count>}, pages);
  } else {
    ReadXml<v1::HostPages>(reader, element, {.attributes = kAttributes}, pages);
  }
}

void WritePages(XmlWriter* writer, const v1::HostPages& pages) {
  writer->Begin("pages").Attribute("unit", "KiB").Attribute("size", pages.size_kib());
  if (pages.has_count()) writer->Text(absl::StrCat(pages.count()));
  writer->End();
}

void ReadHostCpu(XmlReader* reader, pugi::xml_node element, v1::HostDescription* host) {
  static constexpr XmlElementRule<Cpu> kElements[] = {
      {"arch", XmlCount::kOnce, ElementText<&Cpu::mutable_architecture>},
      {"features", XmlCount::kOnce, ReadFlags},
      {"model", XmlCount::kOnce, ElementText<&Cpu::mutable_model>},
      {"vendor", XmlCount::kOnce, ElementText<&Cpu::mutable_vendor>},
      {"microcode", XmlCount::kOnce, ElementAttributes<kMicrocode, Cpu>},
      {"signature", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_signature, kSignature, Cpu>},
      {"counter", XmlCount::kRepeated, ElementAttributesOf<&Cpu::add_counters, kCounter, Cpu>},
      {"topology", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_topology, kTopology, Cpu>},
      {"maxphysaddr", XmlCount::kOnce, ElementAttributesOf<&Cpu::mutable_maximum_physical_address, kAddress, Cpu>},
      {"feature", XmlCount::kRepeated, ReadFeature},
      {"pages", XmlCount::kRepeated,
       [](XmlReader* inner, pugi::xml_node pages, Cpu* cpu) { ReadPages(inner, pages, false, cpu->add_pages()); }},
  };
  RequireElements(reader, element, {"arch"});
  ReadXml<Cpu>(reader, element, {.elements = kElements}, host->mutable_cpu());
}

void WriteHostCpu(XmlWriter* writer, const Cpu& cpu) {
  writer->Begin("cpu");
  writer->Element("arch", cpu.architecture());
  if (!cpu.flags().empty()) {
    writer->Begin("features");
    for (const std::string& flag : cpu.flags()) writer->Flag(KnownName(kFlags, flag));
    writer->End();
  }
  writer->OptionalElement("model", cpu.model());
  writer->OptionalElement("vendor", cpu.vendor());
  if (cpu.microcode() != 0) writer->Begin("microcode").Attribute("version", cpu.microcode()).End();
  if (cpu.has_signature()) {
    writer->Begin("signature")
        .Attribute("family", cpu.signature().family())
        .Attribute("model", cpu.signature().model())
        .Attribute("stepping", cpu.signature().stepping())
        .End();
  }
  for (const Counter& counter : cpu.counters()) {
    writer->Begin("counter")
        .Attribute("name", counter.name())
        .Attribute("frequency", counter.frequency())
        .Attribute("scaling", YesNo(counter.scaling()))
        .End();
  }
  if (cpu.has_topology()) {
    writer->Begin("topology")
        .Attribute("sockets", cpu.topology().sockets())
        .Attribute("dies", cpu.topology().dies() == 0 ? 1 : cpu.topology().dies())
        .Attribute("cores", cpu.topology().cores())
        .Attribute("threads", cpu.topology().threads())
        .End();
  }
  if (cpu.has_maximum_physical_address()) {
    writer->Begin("maxphysaddr").Attribute("mode", cpu.maximum_physical_address().mode());
    if (cpu.maximum_physical_address().has_bits()) writer->Attribute("bits", cpu.maximum_physical_address().bits());
    writer->End();
  }
  for (const std::string& feature : cpu.features()) writer->Begin("feature").Attribute("name", feature).End();
  for (const v1::HostPages& pages : cpu.pages()) WritePages(writer, pages);
  writer->End();
}

}  // namespace reeve::formats
