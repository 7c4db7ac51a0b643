#include "formats/domain_xml.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/domain_spec_check.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_places.h"
#include "formats/domain_xml_sections.h"
#include "formats/uuid.h"
#include "formats/xml_fields.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kLxcNamespace = "http://libvirt.org/schemas/domain/lxc/1.0";

// What is read of the root element.
struct Draft {
  v1::DomainSpec* spec;
  std::string hypervisor;
  std::string name;
  std::string uid;
  bool has_lxc_namespace = false;
};

constexpr char kXenNamespace[] = "http://libvirt.org/schemas/domain/xen/1.0";
constexpr char kQemuNamespace[] = "http://libvirt.org/schemas/domain/qemu/1.0";

template <const char* Uri>
void ReadNamespace(XmlReader* reader, const XmlValue& value, Draft*) {
  if (value.text != Uri) reader->UnknownValue(value);
}

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       if (reader->OneOf(value, kDomainTypes)) draft->hypervisor = std::string(value.text);
     }},
    {"id",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       if (!reader->keeps_running_state()) AttributeIgnored<Draft>(reader, value, draft);
     }},
    {"xmlns:xen", ReadNamespace<kXenNamespace>},
    {"xmlns:qemu", ReadNamespace<kQemuNamespace>},
    {"xmlns:lxc",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       draft->has_lxc_namespace = value.text == kLxcNamespace;
       if (!draft->has_lxc_namespace) reader->UnknownValue(value);
     }},
};

void ReadName(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const XmlValue value = PlainText(reader, element);
  const absl::Status status = CheckDomainName(value.text);
  if (!status.ok()) reader->Invalid(value, absl::StrCat("is wrong: ", status.message()));
  draft->name = std::string(value.text);
}

void ReadUuid(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const XmlValue value = PlainText(reader, element);
  auto uid = ParseUuid(absl::StripAsciiWhitespace(value.text));
  if (uid.ok()) {
    draft->uid = *std::move(uid);
  } else {
    reader->Invalid(value, absl::StrCat("is wrong: ", uid.status().message()));
  }
}

void ReadMemory(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (const auto kibibytes = ReadKibibytes(reader, element, "KiB")) draft->spec->set_memory_kib(*kibibytes);
}

void ReadCurrentMemory(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (const auto kibibytes = ReadKibibytes(reader, element, "KiB")) draft->spec->set_current_memory_kib(*kibibytes);
}

void ReadLxc(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (!draft->has_lxc_namespace) return reader->UnknownElement(element);
  ReadLxcNamespace(reader, element, draft->spec);
}

// Elements with a prefix need the namespace of that name.
template <auto Read>
void ReadCommandLine(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const std::string name = element.name();
  if (!element.parent().attribute(absl::StrCat("xmlns:", name.substr(0, name.find(':'))).c_str())) {
    return reader->UnknownElement(element);
  }
  Read(reader, element, draft->spec);
}

void ReadBootloader(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  draft->spec->mutable_os()->set_bootloader(std::string(PlainText(reader, element).text));
}

void ReadBootloaderArguments(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  draft->spec->mutable_os()->set_bootloader_arguments(std::string(PlainText(reader, element).text));
}

void ReadLockFailure(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ElementWord<&v1::LifecycleActions::mutable_on_lock_failure, kLockFailureActions>(
      reader, element, draft->spec->mutable_lifecycle_actions());
}

void ReadIoThreads(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ElementNumber<&v1::DomainSpec::set_io_threads>(reader, element, draft->spec);
}

// A section that is read into the specification.
template <auto Read>
void Section(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Read(reader, element, draft->spec);
}

template <auto Mutable>
void SpecText(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ElementText<Mutable>(reader, element, draft->spec);
}

template <auto Mutable>
void Action(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ElementWord<Mutable, kLifecycleActions>(reader, element, draft->spec->mutable_lifecycle_actions());
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"name", XmlCount::kOnce, ReadName},
    {"uuid", XmlCount::kOnce, ReadUuid},
    {"title", XmlCount::kOnce, SpecText<&v1::DomainSpec::mutable_title>},
    {"description", XmlCount::kOnce, SpecText<&v1::DomainSpec::mutable_description>},
    {"metadata", XmlCount::kOnce, Section<ReadMetadata>},
    {"memory", XmlCount::kOnce, ReadMemory},
    {"currentMemory", XmlCount::kOnce, ReadCurrentMemory},
    {"blkiotune", XmlCount::kOnce, Section<ReadBlockIoTuning>},
    {"memtune", XmlCount::kOnce, Section<ReadMemoryTuning>},
    {"vcpu", XmlCount::kOnce, Section<ReadVcpu>},
    {"cputune", XmlCount::kOnce, Section<ReadCpuTuning>},
    {"numatune", XmlCount::kOnce, Section<ReadNumaTuning>},
    {"vcpus", XmlCount::kOnce, Section<ReadVcpus>},
    {"iothreads", XmlCount::kOnce, ReadIoThreads},
    {"bootloader", XmlCount::kOnce, ReadBootloader},
    {"bootloader_args", XmlCount::kOnce, ReadBootloaderArguments},
    {"cpu", XmlCount::kOnce, Section<ReadCpu>},
    {"on_lockfailure", XmlCount::kOnce, ReadLockFailure},
    {"launchSecurity", XmlCount::kOnce, Section<ReadLaunchSecurity>},
    {"qemu:commandline", XmlCount::kOnce, ReadCommandLine<ReadQemuCommandLine>},
    {"xen:commandline", XmlCount::kOnce, ReadCommandLine<ReadXenCommandLine>},
    {"resource", XmlCount::kOnce, Section<ReadResource>},
    {"os", XmlCount::kOnce, Section<ReadOs>},
    {"idmap", XmlCount::kOnce, Section<ReadIdMap>},
    {"features", XmlCount::kOnce, Section<ReadFeatures>},
    {"clock", XmlCount::kOnce, Section<ReadClock>},
    {"on_poweroff", XmlCount::kOnce, Action<&v1::LifecycleActions::mutable_on_poweroff>},
    {"on_reboot", XmlCount::kOnce, Action<&v1::LifecycleActions::mutable_on_reboot>},
    {"on_crash", XmlCount::kOnce, Action<&v1::LifecycleActions::mutable_on_crash>},
    {"devices", XmlCount::kOnce, Section<ReadDevices>},
    {"seclabel", XmlCount::kRepeated, Section<ReadSecurityLabel>},
    {"lxc:namespace", XmlCount::kOnce, ReadLxc},
};

void ReadDomain(XmlReader* reader, pugi::xml_node root, Draft* draft) {
  if (absl::string_view(root.name()) != "domain") return reader->UnknownElement(root);
  if (!root.attribute("type")) reader->Invalid(root, "has no attribute type");
  if (!root.child("name")) reader->Invalid(root, "has no element name");
  ReadXml<Draft>(reader, root, {.attributes = kAttributes, .elements = kElements}, draft);

  v1::DomainSpec* spec = draft->spec;
  // What a bootloader of Xen starts need not be said.
  if (draft->hypervisor == "xen" && spec->os().type().empty()) spec->mutable_os()->set_type("linux");
  ResolveHostNetwork(spec);
  if (spec->memory_kib() != 0 && spec->current_memory_kib() > spec->memory_kib()) {
    // As libvirt does.
    reader->Ignored(root.child("currentMemory"), "is more than memory, which is taken instead");
    spec->set_current_memory_kib(spec->memory_kib());
  }
}

struct Defaults {
  absl::string_view os_type;
  absl::string_view console_target;
};

Defaults DefaultsOf(absl::string_view hypervisor) {
  if (hypervisor == "xen") return {"linux", "xen"};
  if (hypervisor == "test" || hypervisor == "qemu" || hypervisor == "kvm") return {"hvm", "serial"};
  return {"exe", "lxc"};
}

absl::string_view ValueOr(const std::string& value, absl::string_view fallback) {
  return value.empty() ? fallback : absl::string_view(value);
}

}  // namespace

absl::StatusOr<v1::Domain> ParseDomainXml(absl::string_view text, std::vector<Warning>* warnings,
                                          DomainXmlOptions* running, Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  v1::Domain domain;
  const pugi::xml_node root = reader.Load({.max_bytes = kMaxDomainXmlBytes, .max_depth = kMaxDomainXmlDepth});
  if (root) {
    Draft draft{.spec = domain.mutable_spec()};
    const pugi::xml_attribute id = root.attribute("id");
    if (running != nullptr && id) {
      running->id = reader.Signed({id.value(), root, id});
      reader.KeepRunningState();
    }
    ReadDomain(&reader, root, &draft);
    if (reader.ok()) FailAtPlaces(&reader, root, FindSpecFaults(domain.spec()));
    domain.set_name(DomainResourceName(draft.hypervisor, draft.name));
    domain.set_uid(draft.uid);
  }
  if (absl::Status status = reader.ToStatus(); !status.ok()) return status;
  return domain;
}

std::string WriteDomainXml(const v1::Domain& domain, const DomainXmlOptions& options) {
  const v1::DomainSpec& spec = domain.spec();
  const DomainNameParts parts = SplitDomainResourceName(domain.name());
  const Defaults defaults = DefaultsOf(parts.hypervisor);
  XmlWriter writer;
  writer.Begin("domain").Attribute("type", parts.hypervisor);
  if (options.id) writer.Attribute("id", *options.id);
  if (HasLxcNamespace(spec)) writer.Attribute("xmlns:lxc", kLxcNamespace);
  if (spec.emulator_command_line().dialect() == "xen") writer.Attribute("xmlns:xen", kXenNamespace);
  if (spec.emulator_command_line().dialect() == "qemu") writer.Attribute("xmlns:qemu", kQemuNamespace);
  writer.Element("name", parts.name);
  writer.OptionalElement("uuid", domain.uid());
  writer.OptionalElement("title", spec.title());
  writer.OptionalElement("description", spec.description());
  WriteMetadata(&writer, spec);
  if (spec.memory_kib() != 0) {
    WriteKibibytes(&writer, "memory", spec.memory_kib());
    const uint64_t current = spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib();
    WriteKibibytes(&writer, "currentMemory", current);
  }
  WriteTuning(&writer, spec, options.id.has_value());
  WriteOs(&writer, spec.os(), defaults.os_type);
  WriteIdMap(&writer, spec.id_map());
  WriteFeatures(&writer, spec);
  if (spec.has_cpu()) WriteCpu(&writer, spec.cpu());
  WriteClock(&writer, spec.clock());
  writer.Element("on_poweroff", ValueOr(spec.lifecycle_actions().on_poweroff(), "destroy"));
  writer.Element("on_reboot", ValueOr(spec.lifecycle_actions().on_reboot(), "restart"));
  writer.Element("on_crash", ValueOr(spec.lifecycle_actions().on_crash(), "destroy"));
  writer.OptionalElement("on_lockfailure", spec.lifecycle_actions().on_lock_failure());
  WriteDevices(&writer, spec.devices(), defaults.console_target);
  for (const auto& label : spec.security_labels()) WriteSecurityLabel(&writer, label);
  if (spec.has_launch_security()) WriteLaunchSecurity(&writer, spec.launch_security());
  WriteCommandLine(&writer, spec.emulator_command_line());
  WriteLxcNamespace(&writer, spec);
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
