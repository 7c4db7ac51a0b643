#include "absl/strings/ascii.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/number_set.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Block = v1::BlockIoTuning;
using Device = v1::BlockDeviceTuning;
using Memory = v1::MemoryTuning;
using Numa = v1::NumaTuning;
using Placement = v1::CpuPlacement;

// libvirt's VIR_DOMAIN_MEMORY_PARAM_UNLIMITED, KiB: it and more mean that there is no limit.
constexpr uint64_t kUnlimitedKibibytes = (uint64_t{1} << 53) - 1;

constexpr XmlElementRule<Device> kDeviceElements[] = {
    {"path", XmlCount::kOnce, ElementText<&Device::mutable_path>},
    {"weight", XmlCount::kOnce, ElementNumber<&Device::set_weight>},
    {"read_iops_sec", XmlCount::kOnce, ElementNumber<&Device::set_read_iops>},
    {"write_iops_sec", XmlCount::kOnce, ElementNumber<&Device::set_write_iops>},
    {"read_bytes_sec", XmlCount::kOnce, ElementNumber<&Device::set_read_bytes_per_second>},
    {"write_bytes_sec", XmlCount::kOnce, ElementNumber<&Device::set_write_bytes_per_second>},
};

constexpr XmlElementRule<Block> kBlockElements[] = {
    {"weight", XmlCount::kOnce, ElementNumber<&Block::set_weight>},
    {"device", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Block* block) {
       ReadXml<Device>(reader, element, {.elements = kDeviceElements}, block->add_devices());
     }},
};

template <auto Set>
void ReadLimit(XmlReader* reader, pugi::xml_node element, Memory* memory) {
  const auto kibibytes = ReadKibibytes(reader, element, "KiB");
  if (!kibibytes) return;
  if (*kibibytes >= kUnlimitedKibibytes) {
    reader->Ignored(element, "means that there is no limit");
  } else {
    (memory->*Set)(*kibibytes);
  }
}

constexpr XmlElementRule<Memory> kMemoryElements[] = {
    {"hard_limit", XmlCount::kOnce, ReadLimit<&Memory::set_hard_limit_kib>},
    {"soft_limit", XmlCount::kOnce, ReadLimit<&Memory::set_soft_limit_kib>},
    {"min_guarantee", XmlCount::kOnce, ReadLimit<&Memory::set_minimum_guarantee_kib>},
    {"swap_hard_limit", XmlCount::kOnce, ReadLimit<&Memory::set_swap_hard_limit_kib>},
};

constexpr XmlAttributeRule<v1::DomainSpec> kVcpuAttributes[] = {
    {"placement",
     [](XmlReader* reader, const XmlValue& value, v1::DomainSpec* spec) {
       if (!reader->OneOf(value, kPlacements)) return;
       // The default is left out of the specification.
       if (value.text != "static") spec->mutable_cpu_placement()->set_mode(std::string(value.text));
     }},
    {"cpuset", [](XmlReader*, const XmlValue& value,
                  v1::DomainSpec* spec) { spec->mutable_cpu_placement()->set_cpuset(std::string(value.text)); }},
    {"current",
     [](XmlReader* reader, const XmlValue& value, v1::DomainSpec* spec) {
       AttributeNumber<&Placement::set_current>(reader, value, spec->mutable_cpu_placement());
     }},
};

void ReadVcpuCount(XmlReader* reader, const XmlValue& value, v1::DomainSpec* spec) {
  AttributeNumber<&v1::DomainSpec::set_vcpus>(reader, value, spec);
  // In the specification 0 is the default, in a document it is a mistake.
  if (absl::StripAsciiWhitespace(value.text) == "0") reader->Invalid(value, "is 0, at least 1 is wanted");
}

constexpr XmlAttributeRule<Numa> kNumaMemoryAttributes[] = {
    {"mode", AttributeWord<&Numa::mutable_mode, kNumaModes>},
    {"placement", AttributeWord<&Numa::mutable_placement, kPlacements>},
    {"nodeset", AttributeText<&Numa::mutable_nodeset>},
};

constexpr XmlElementRule<Numa> kNumaElements[] = {
    {"memory", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Numa* numa) {
       ReadXml<Numa>(reader, element, {.attributes = kNumaMemoryAttributes}, numa);
     }},
};

constexpr XmlElementRule<v1::DomainSpec> kResourceElements[] = {
    {"partition", XmlCount::kOnce, ElementText<&v1::DomainSpec::mutable_resource_partition>},
};

void WriteBlockIo(XmlWriter* writer, const Block& block) {
  if (!block.has_weight() && block.devices().empty()) return;
  writer->Begin("blkiotune");
  if (block.has_weight()) writer->Element("weight", block.weight());
  for (const Device& device : block.devices()) {
    writer->Begin("device");
    writer->Element("path", device.path());
    if (device.has_weight()) writer->Element("weight", device.weight());
    if (device.has_read_iops()) writer->Element("read_iops_sec", device.read_iops());
    if (device.has_write_iops()) writer->Element("write_iops_sec", device.write_iops());
    if (device.has_read_bytes_per_second()) writer->Element("read_bytes_sec", device.read_bytes_per_second());
    if (device.has_write_bytes_per_second()) writer->Element("write_bytes_sec", device.write_bytes_per_second());
    writer->End();
  }
  writer->End();
}

void WriteMemory(XmlWriter* writer, const Memory& memory) {
  if (memory.ByteSizeLong() == 0) return;
  writer->Begin("memtune");
  if (memory.has_hard_limit_kib()) WriteKibibytes(writer, "hard_limit", memory.hard_limit_kib());
  if (memory.has_soft_limit_kib()) WriteKibibytes(writer, "soft_limit", memory.soft_limit_kib());
  if (memory.has_minimum_guarantee_kib()) WriteKibibytes(writer, "min_guarantee", memory.minimum_guarantee_kib());
  if (memory.has_swap_hard_limit_kib()) WriteKibibytes(writer, "swap_hard_limit", memory.swap_hard_limit_kib());
  writer->End();
}

void WriteVcpu(XmlWriter* writer, const v1::DomainSpec& spec) {
  const Placement& placement = spec.cpu_placement();
  const uint32_t count = spec.vcpus() == 0 ? 1 : spec.vcpus();
  writer->Begin("vcpu")
      .Attribute("placement", placement.mode().empty() ? "static" : placement.mode())
      .OptionalAttribute("cpuset", NormalNumberSet(placement.cpuset()));
  if (placement.has_current() && placement.current() != count) writer->Attribute("current", placement.current());
  writer->Text(absl::StrCat(count)).End();
}

void WriteNuma(XmlWriter* writer, const Numa& numa) {
  writer->Begin("numatune");
  writer->Begin("memory").Attribute("mode", numa.mode().empty() ? "strict" : numa.mode());
  if (numa.placement() == "auto") {
    writer->Attribute("placement", numa.placement());
  } else {
    writer->OptionalAttribute("nodeset", numa.nodeset());
  }
  writer->End();
  writer->End();
}

}  // namespace

void ReadBlockIoTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Block>(reader, element, {.elements = kBlockElements}, spec->mutable_block_io_tuning());
}

void ReadMemoryTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Memory>(reader, element, {.elements = kMemoryElements}, spec->mutable_memory_tuning());
}

void ReadVcpu(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::DomainSpec>(reader, element, {.attributes = kVcpuAttributes, .text = ReadVcpuCount}, spec);
}

void ReadNumaTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  if (element.child("memory")) {
    ReadXml<Numa>(reader, element, {.elements = kNumaElements}, spec->mutable_numa_tuning());
  } else {
    reader->Invalid(element, "has no element memory");
  }
}

void ReadResource(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::DomainSpec>(reader, element, {.elements = kResourceElements}, spec);
}

void WriteTuning(XmlWriter* writer, const v1::DomainSpec& spec, bool active) {
  WriteBlockIo(writer, spec.block_io_tuning());
  WriteMemory(writer, spec.memory_tuning());
  WriteVcpu(writer, spec);
  WriteVcpus(writer, spec);
  if (spec.has_io_threads()) writer->Element("iothreads", spec.io_threads());
  WriteCpuTuning(writer, spec.cpu_tuning(), active);
  if (spec.has_numa_tuning()) WriteNuma(writer, spec.numa_tuning());
  if (!spec.resource_partition().empty()) {
    writer->Begin("resource");
    writer->Element("partition", spec.resource_partition());
    writer->End();
  }
}

}  // namespace reeve::formats
