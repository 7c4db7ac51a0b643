#include "formats/capabilities_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Host = v1::HostDescription;
using Cache = v1::HostCache;
using Bank = v1::CacheBank;
using Control = v1::HostResourceControl;
using Monitor = v1::HostResourceMonitor;
using Bandwidth = v1::HostMemoryBandwidth;
using Node = v1::BandwidthNode;

constexpr absl::string_view kCacheTypes[] = {"both", "code", "data"};

constexpr XmlAttributeRule<Control> kControl[] = {
    {"granularity", AttributeNumber<&Control::set_granularity>},
    {"min", AttributeNumber<&Control::set_minimum>},
    {"unit", AttributeText<&Control::mutable_unit>},
    {"type", AttributeWord<&Control::mutable_type, kCacheTypes>},
    {"maxAllocs", AttributeNumber<&Control::set_allocations>},
};

template <typename T>
void ReadControl(XmlReader* reader, pugi::xml_node element, T* out) {
  RequireAttributes(reader, element, {"granularity", "maxAllocs"});
  ReadXml<Control>(reader, element, {.attributes = kControl}, out->add_controls());
}

constexpr XmlAttributeRule<Monitor> kMonitorAttributes[] = {
    {"level", AttributeNumber<&Monitor::set_level>},
    {"reuseThreshold", AttributeNumber<&Monitor::set_reuse_threshold>},
    {"maxMonitors", AttributeNumber<&Monitor::set_monitors>},
};

constexpr XmlAttributeRule<Monitor> kFeature[] = {
    {"name",
     [](XmlReader*, const XmlValue& value, Monitor* monitor) { monitor->add_features(std::string(value.text)); }},
};

constexpr XmlElementRule<Monitor> kMonitorElements[] = {
    {"feature", XmlCount::kRepeated, ElementAttributes<kFeature, Monitor>},
};

constexpr XmlAttributeRule<Bank> kBankAttributes[] = {
    {"id", AttributeNumber<&Bank::set_id>},
    {"level", AttributeNumber<&Bank::set_level>},
    {"type", AttributeWord<&Bank::mutable_type, kCacheTypes>},
    {"size", AttributeNumber<&Bank::set_size>},
    {"unit", AttributeText<&Bank::mutable_unit>},
    {"cpus", AttributeText<&Bank::mutable_cpus>},
};

constexpr XmlElementRule<Bank> kBankElements[] = {{"control", XmlCount::kRepeated, ReadControl<Bank>}};

constexpr XmlElementRule<Cache> kCache[] = {
    {"bank", XmlCount::kRepeated, ElementOf<&Cache::add_banks, kBankAttributes, kBankElements, Cache>},
    {"monitor", XmlCount::kOnce, ElementOf<&Cache::mutable_monitor, kMonitorAttributes, kMonitorElements, Cache>},
};

constexpr XmlAttributeRule<Node> kNodeAttributes[] = {
    {"id", AttributeNumber<&Node::set_id>},
    {"cpus", AttributeText<&Node::mutable_cpus>},
};

constexpr XmlElementRule<Node> kNodeElements[] = {{"control", XmlCount::kRepeated, ReadControl<Node>}};

constexpr XmlElementRule<Bandwidth> kBandwidth[] = {
    {"node", XmlCount::kRepeated, ElementOf<&Bandwidth::add_nodes, kNodeAttributes, kNodeElements, Bandwidth>},
    {"monitor", XmlCount::kOnce,
     ElementOf<&Bandwidth::mutable_monitor, kMonitorAttributes, kMonitorElements, Bandwidth>},
};

void WriteControl(XmlWriter* writer, const Control& control) {
  writer->Begin("control").Attribute("granularity", control.granularity());
  if (control.has_minimum()) writer->Attribute("min", control.minimum());
  writer->OptionalAttribute("unit", control.unit())
      .OptionalAttribute("type", control.type())
      .Attribute("maxAllocs", control.allocations())
      .End();
}

void WriteMonitor(XmlWriter* writer, const Monitor& monitor) {
  writer->Begin("monitor");
  if (monitor.has_level()) writer->Attribute("level", monitor.level());
  if (monitor.has_reuse_threshold()) writer->Attribute("reuseThreshold", monitor.reuse_threshold());
  writer->Attribute("maxMonitors", monitor.monitors());
  for (const std::string& feature : monitor.features()) writer->Begin("feature").Attribute("name", feature).End();
  writer->End();
}

}  // namespace

void ReadCache(XmlReader* reader, pugi::xml_node element, Host* host) {
  ReadXml<Cache>(reader, element, {.elements = kCache}, host->mutable_cache());
}

void ReadMemoryBandwidth(XmlReader* reader, pugi::xml_node element, Host* host) {
  ReadXml<Bandwidth>(reader, element, {.elements = kBandwidth}, host->mutable_memory_bandwidth());
}

void WriteResources(XmlWriter* writer, const Host& host) {
  if (host.has_cache()) {
    writer->Begin("cache");
    for (const Bank& bank : host.cache().banks()) {
      writer->Begin("bank")
          .Attribute("id", bank.id())
          .Attribute("level", bank.level())
          .Attribute("type", bank.type())
          .Attribute("size", bank.size())
          .Attribute("unit", bank.unit())
          .Attribute("cpus", bank.cpus());
      for (const Control& control : bank.controls()) WriteControl(writer, control);
      writer->End();
    }
    if (host.cache().has_monitor()) WriteMonitor(writer, host.cache().monitor());
    writer->End();
  }
  if (!host.has_memory_bandwidth()) return;
  writer->Begin("memory_bandwidth");
  for (const Node& node : host.memory_bandwidth().nodes()) {
    writer->Begin("node").Attribute("id", node.id()).Attribute("cpus", node.cpus());
    for (const Control& control : node.controls()) WriteControl(writer, control);
    writer->End();
  }
  if (host.memory_bandwidth().has_monitor()) WriteMonitor(writer, host.memory_bandwidth().monitor());
  writer->End();
}

}  // namespace reeve::formats
