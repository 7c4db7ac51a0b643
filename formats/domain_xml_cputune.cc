#include <set>

#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/number_set.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Tuning = v1::CpuTuning;
using Pin = v1::CpuPin;
using Scheduler = v1::SchedulerTuning;
using Caches = v1::CacheTuning;
using Allocation = v1::CacheAllocation;
using Monitor = v1::ResourceMonitor;
using Bandwidths = v1::MemoryBandwidthTuning;
using Node = v1::NodeBandwidth;

constexpr XmlAttributeRule<Pin> kVcpuPin[] = {
    {"vcpu", AttributeNumber<&Pin::set_id>},
    {"cpuset", AttributeText<&Pin::mutable_cpuset>},
};
constexpr XmlAttributeRule<Pin> kIoThreadPin[] = {
    {"iothread", AttributeNumber<&Pin::set_id>},
    {"cpuset", AttributeText<&Pin::mutable_cpuset>},
};
constexpr XmlAttributeRule<Tuning> kEmulatorPin[] = {
    {"cpuset", AttributeText<&Tuning::mutable_emulator_cpuset>},
};
constexpr XmlAttributeRule<Scheduler> kScheduler[] = {
    {"vcpus", AttributeText<&Scheduler::mutable_ids>},
    {"iothreads", AttributeText<&Scheduler::mutable_ids>},
    {"scheduler", AttributeWord<&Scheduler::mutable_scheduler, kSchedulers>},
    {"priority", AttributeNumber<&Scheduler::set_priority>},
};

constexpr XmlAttributeRule<Allocation> kAllocation[] = {
    {"id", AttributeNumber<&Allocation::set_id>},
    {"level", AttributeNumber<&Allocation::set_level>},
    {"type", AttributeWord<&Allocation::mutable_type, kCacheTypes>},
    {"size",
     [](XmlReader* reader, const XmlValue& value, Allocation* allocation) {
       const auto number = reader->Unsigned(value);
       if (!number) return;
       const absl::string_view unit = value.element.attribute("unit").value();
       int shift = 0;
       if (unit == "KiB")
         shift = 10;
       else if (unit == "MiB")
         shift = 20;
       else if (unit == "GiB")
         shift = 30;
       else if (!unit.empty() && unit != "B" && unit != "bytes")
         return reader->Invalid(value, "has no known unit");
       if (*number > (uint64_t{1} << (53 - shift))) return reader->Invalid(value, "is too large");
       allocation->set_size_bytes(*number << shift);
     }},
    {"unit", [](XmlReader*, const XmlValue&, Allocation*) {}},
};

constexpr XmlAttributeRule<Monitor> kMonitor[] = {
    {"level", AttributeNumber<&Monitor::set_level>},
    {"vcpus", AttributeText<&Monitor::mutable_vcpus>},
};

constexpr XmlAttributeRule<Node> kNode[] = {
    {"id", AttributeNumber<&Node::set_id>},
    {"bandwidth", AttributeNumber<&Node::set_bandwidth>},
};

template <typename T>
void ReadGroupName(XmlReader* reader, const XmlValue& value, T* group) {
  if (!reader->keeps_running_state()) return AttributeIgnored<T>(reader, value, group);
  group->set_id(std::string(value.text));
}

constexpr XmlAttributeRule<Caches> kCacheAttributes[] = {
    {"vcpus", AttributeText<&Caches::mutable_vcpus>},
    {"id", ReadGroupName<Caches>},
};
constexpr XmlElementRule<Caches> kCacheElements[] = {
    {"cache", XmlCount::kRepeated, ElementAttributesOf<&Caches::add_allocations, kAllocation, Caches>},
    {"monitor", XmlCount::kRepeated, ElementAttributesOf<&Caches::add_monitors, kMonitor, Caches>},
};
constexpr XmlAttributeRule<Bandwidths> kBandwidthAttributes[] = {
    {"vcpus", AttributeText<&Bandwidths::mutable_vcpus>},
    {"id", ReadGroupName<Bandwidths>},
};
constexpr XmlElementRule<Bandwidths> kBandwidthElements[] = {
    {"node", XmlCount::kRepeated, ElementAttributesOf<&Bandwidths::add_nodes, kNode, Bandwidths>},
    {"monitor", XmlCount::kRepeated, ElementAttributesOf<&Bandwidths::add_monitors, kMonitor, Bandwidths>},
};

constexpr XmlElementRule<Tuning> kElements[] = {
    {"shares", XmlCount::kOnce, ElementNumber<&Tuning::set_shares>},
    {"period", XmlCount::kOnce, ElementNumber<&Tuning::set_period_us>},
    {"quota", XmlCount::kOnce, ElementNumber<&Tuning::set_quota_us>},
    {"global_period", XmlCount::kOnce, ElementNumber<&Tuning::set_global_period_us>},
    {"global_quota", XmlCount::kOnce, ElementNumber<&Tuning::set_global_quota_us>},
    {"emulator_period", XmlCount::kOnce, ElementNumber<&Tuning::set_emulator_period_us>},
    {"emulator_quota", XmlCount::kOnce, ElementNumber<&Tuning::set_emulator_quota_us>},
    {"iothread_period", XmlCount::kOnce, ElementNumber<&Tuning::set_io_thread_period_us>},
    {"iothread_quota", XmlCount::kOnce, ElementNumber<&Tuning::set_io_thread_quota_us>},
    {"vcpupin", XmlCount::kRepeated, ElementAttributesOf<&Tuning::add_vcpu_pins, kVcpuPin, Tuning>},
    {"emulatorpin", XmlCount::kOnce, ElementAttributes<kEmulatorPin, Tuning>},
    {"iothreadpin", XmlCount::kRepeated, ElementAttributesOf<&Tuning::add_io_thread_pins, kIoThreadPin, Tuning>},
    {"emulatorsched", XmlCount::kOnce, ElementAttributesOf<&Tuning::mutable_emulator_scheduler, kScheduler, Tuning>},
    {"vcpusched", XmlCount::kRepeated, ElementAttributesOf<&Tuning::add_vcpu_schedulers, kScheduler, Tuning>},
    {"iothreadsched", XmlCount::kRepeated, ElementAttributesOf<&Tuning::add_io_thread_schedulers, kScheduler, Tuning>},
    {"cachetune", XmlCount::kRepeated, ElementOf<&Tuning::add_caches, kCacheAttributes, kCacheElements, Tuning>},
    {"memorytune", XmlCount::kRepeated,
     ElementOf<&Tuning::add_memory_bandwidths, kBandwidthAttributes, kBandwidthElements, Tuning>},
};

using Numbers = std::set<uint32_t>;

bool Intersect(const Numbers& a, const Numbers& b) {
  for (uint32_t number : a) {
    if (b.count(number) != 0) return true;
  }
  return false;
}

bool IsSubset(const Numbers& part, const Numbers& whole) {
  for (uint32_t number : part) {
    if (whole.count(number) == 0) return false;
  }
  return true;
}

// Checks the groups of caches and bandwidths, and makes of their sets what libvirt makes of them: without the virtual
// CPUs that the guest does not have; groups without any are left out (virDomainCachetuneDefParse).
class Groups {
 public:
  Groups(XmlReader* reader, pugi::xml_node tuning, uint32_t vcpus) : reader_(reader), tuning_(tuning), vcpus_(vcpus) {}

  void Settle(Tuning* tuning) {
    Tuning settled = *tuning;
    settled.clear_caches();
    settled.clear_memory_bandwidths();
    auto element = tuning_.child("cachetune");
    for (const Caches& caches : tuning->caches()) {
      const auto numbers = Vcpus(element, caches.vcpus());
      if (numbers) SettleCaches(element, caches, *numbers, &settled);
      element = element.next_sibling("cachetune");
    }
    const size_t cache_groups = groups_.size();
    element = tuning_.child("memorytune");
    for (const Bandwidths& bandwidths : tuning->memory_bandwidths()) {
      const auto numbers = Vcpus(element, bandwidths.vcpus());
      if (numbers) SettleBandwidths(element, bandwidths, *numbers, cache_groups, &settled);
      element = element.next_sibling("memorytune");
    }
    *tuning = std::move(settled);
  }

 private:
  std::optional<Numbers> Vcpus(pugi::xml_node element, const std::string& text) {
    auto numbers = ParseNumberSet(text);
    if (!numbers) {
      reader_->Invalid(element, "has no set of virtual CPUs in its attribute vcpus");
      return std::nullopt;
    }
    numbers->erase(numbers->lower_bound(vcpus_), numbers->end());
    if (!numbers->empty()) return numbers;
    reader_->Ignored(element, "is of virtual CPUs that the guest does not have");
    return std::nullopt;
  }

  void CheckMonitors(pugi::xml_node element, const google::protobuf::RepeatedPtrField<Monitor>& monitors,
                     const Numbers& whole) {
    std::vector<Numbers> seen;
    pugi::xml_node child = element.child("monitor");
    for (const Monitor& monitor : monitors) {
      const auto numbers = ParseNumberSet(monitor.vcpus());
      if (!numbers || !IsSubset(*numbers, whole)) {
        reader_->Invalid(child, "is not of virtual CPUs of its group");
      } else {
        for (const Numbers& other : seen) {
          if (Intersect(other, *numbers) && *numbers != whole && other != whole) {
            reader_->Invalid(child, "is of virtual CPUs of another monitor");
          } else if (other == *numbers) {
            reader_->Invalid(child, "is of the virtual CPUs of another monitor");
          }
        }
        seen.push_back(*numbers);
      }
      child = child.next_sibling("monitor");
    }
  }

  void SettleCaches(pugi::xml_node element, const Caches& caches, const Numbers& numbers, Tuning* settled) {
    for (const Numbers& other : groups_) {
      if (Intersect(other, numbers)) return reader_->Invalid(element, "is of virtual CPUs of another cachetune");
    }
    std::set<std::tuple<uint32_t, uint32_t, std::string>> seen;
    for (const Allocation& allocation : caches.allocations()) {
      const bool both = allocation.type() == "both";
      const auto key = [&](const char* type) { return std::make_tuple(allocation.level(), allocation.id(), type); };
      bool fresh = seen.insert(key(allocation.type().c_str())).second;
      if (both ? seen.count(key("code")) + seen.count(key("data")) != 0 : seen.count(key("both")) != 0) fresh = false;
      if (!fresh) reader_->Invalid(element, "has two allocations of one cache");
      if (allocation.type().empty() || allocation.size_bytes() == 0 || allocation.level() == 0) {
        reader_->Invalid(element, "has an allocation without level, type or size");
      }
    }
    CheckMonitors(element, caches.monitors(), numbers);
    groups_.push_back(numbers);
    if (caches.allocations().empty() && caches.monitors().empty()) return;
    Caches* added = settled->add_caches();
    *added = caches;
    added->set_vcpus(FormatNumberSet(numbers));
  }

  void SettleBandwidths(pugi::xml_node element, const Bandwidths& bandwidths, const Numbers& numbers,
                        size_t cache_groups, Tuning* settled) {
    for (size_t i = 0; i < groups_.size(); ++i) {
      const bool shares_caches = i < cache_groups && groups_[i] == numbers;
      if (Intersect(groups_[i], numbers) && !shares_caches) {
        return reader_->Invalid(element, "is of virtual CPUs of another group");
      }
    }
    std::set<uint32_t> seen;
    for (const Node& node : bandwidths.nodes()) {
      if (!seen.insert(node.id()).second) reader_->Invalid(element, "has two bandwidths of one node");
      if (node.bandwidth() < 1 || node.bandwidth() > 100) reader_->Invalid(element, "has a bandwidth not of 1 to 100");
    }
    groups_.push_back(numbers);
    Bandwidths* added = settled->add_memory_bandwidths();
    *added = bandwidths;
    added->set_vcpus(FormatNumberSet(numbers));
  }

  XmlReader* const reader_;
  const pugi::xml_node tuning_;
  const uint32_t vcpus_;
  std::vector<Numbers> groups_;
};

void WriteScheduler(XmlWriter* writer, absl::string_view name, absl::string_view ids, const Scheduler& scheduler) {
  writer->Begin(name);
  if (!ids.empty()) writer->OptionalAttribute(ids, scheduler.ids());
  writer->Attribute("scheduler", scheduler.scheduler());
  if (scheduler.has_priority()) writer->Attribute("priority", scheduler.priority());
  writer->End();
}

// In the largest unit that leaves a whole number, as virFormatIntPretty does.
void WriteAllocation(XmlWriter* writer, const Allocation& allocation) {
  uint64_t size = allocation.size_bytes();
  absl::string_view unit = "B";
  for (absl::string_view next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (size == 0 || size % 1024 != 0) break;
    size /= 1024;
    unit = next;
  }
  writer->Begin("cache")
      .Attribute("id", allocation.id())
      .Attribute("level", allocation.level())
      .Attribute("type", allocation.type())
      .Attribute("size", size)
      .Attribute("unit", unit)
      .End();
}

template <typename T>
void WriteGroup(XmlWriter* writer, absl::string_view name, const T& group, bool active) {
  writer->Begin(name).Attribute("vcpus", group.vcpus());
  if (active) writer->Attribute("id", group.id().empty() ? absl::StrCat("vcpus_", group.vcpus()) : group.id());
  if constexpr (std::is_same_v<T, Caches>) {
    for (const Allocation& allocation : group.allocations()) WriteAllocation(writer, allocation);
  } else {
    for (const Node& node : group.nodes()) {
      writer->Begin("node").Attribute("id", node.id()).Attribute("bandwidth", node.bandwidth()).End();
    }
  }
  for (const Monitor& monitor : group.monitors()) {
    writer->Begin("monitor");
    if (monitor.has_level()) writer->Attribute("level", monitor.level());
    writer->Attribute("vcpus", monitor.vcpus()).End();
  }
  writer->End();
}

}  // namespace

void ReadCpuTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  Tuning* tuning = spec->mutable_cpu_tuning();
  ReadXml<Tuning>(reader, element, {.elements = kElements}, tuning);
  // <vcpu> stands before <cputune> in libvirt's documents, but need not.
  const pugi::xml_node vcpu = element.parent().child("vcpu");
  const uint32_t count = vcpu ? vcpu.text().as_uint(1) : 1;
  Groups(reader, element, count).Settle(tuning);
}

void WriteCpuTuning(XmlWriter* writer, const Tuning& cpu, bool active) {
  if (cpu.ByteSizeLong() == 0) return;
  writer->Begin("cputune");
  if (cpu.has_shares()) writer->Element("shares", cpu.shares());
  if (cpu.has_period_us()) writer->Element("period", cpu.period_us());
  if (cpu.has_quota_us()) writer->Element("quota", cpu.quota_us());
  if (cpu.has_global_period_us()) writer->Element("global_period", cpu.global_period_us());
  if (cpu.has_global_quota_us()) writer->Element("global_quota", cpu.global_quota_us());
  if (cpu.has_emulator_period_us()) writer->Element("emulator_period", cpu.emulator_period_us());
  if (cpu.has_emulator_quota_us()) writer->Element("emulator_quota", cpu.emulator_quota_us());
  if (cpu.has_io_thread_period_us()) writer->Element("iothread_period", cpu.io_thread_period_us());
  if (cpu.has_io_thread_quota_us()) writer->Element("iothread_quota", cpu.io_thread_quota_us());
  for (const Pin& pin : cpu.vcpu_pins()) {
    writer->Begin("vcpupin").Attribute("vcpu", pin.id()).Attribute("cpuset", NormalNumberSet(pin.cpuset())).End();
  }
  if (!cpu.emulator_cpuset().empty()) {
    writer->Begin("emulatorpin").Attribute("cpuset", NormalNumberSet(cpu.emulator_cpuset())).End();
  }
  for (const Pin& pin : cpu.io_thread_pins()) {
    writer->Begin("iothreadpin")
        .Attribute("iothread", pin.id())
        .Attribute("cpuset", NormalNumberSet(pin.cpuset()))
        .End();
  }
  if (cpu.has_emulator_scheduler()) WriteScheduler(writer, "emulatorsched", "", cpu.emulator_scheduler());
  for (const Scheduler& scheduler : cpu.vcpu_schedulers()) WriteScheduler(writer, "vcpusched", "vcpus", scheduler);
  for (const Scheduler& scheduler : cpu.io_thread_schedulers()) {
    WriteScheduler(writer, "iothreadsched", "iothreads", scheduler);
  }
  for (const Caches& caches : cpu.caches()) WriteGroup(writer, "cachetune", caches, active);
  for (const Bandwidths& bandwidths : cpu.memory_bandwidths()) WriteGroup(writer, "memorytune", bandwidths, active);
  writer->End();
}

}  // namespace reeve::formats
