// Memory and processors; switches; the end of the guest.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "formats/domain_words.h"
#include "formats/number_set.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr int64_t kDefaultMebibytes = 128;
// In KiB it is a number of 63 bits.
constexpr int64_t kMaxMebibytes = int64_t{1} << 52;
constexpr int64_t kMaxVcpus = 4096;
constexpr int64_t kMaxWeight = 65535;

uint64_t Mebibytes(uint64_t kibibytes) {
  return kibibytes / 1024 + (kibibytes % 1024 != 0 ? 1 : 0);
}

void ReadMemory(XenConfigReader* reader, v1::DomainSpec* spec) {
  int64_t current = reader->TakeNumber("memory", 1, kMaxMebibytes).value_or(kDefaultMebibytes);
  const int64_t most = reader->TakeNumber("maxmem", 1, kMaxMebibytes).value_or(current);
  if (current > most) {
    reader->Warn(reader->OffsetOf("memory"), "is more than maxmem, which is taken instead");
    current = most;
  }
  spec->set_memory_kib(static_cast<uint64_t>(most) * 1024);
  spec->set_current_memory_kib(static_cast<uint64_t>(current) * 1024);
  reader->Remember("spec.memory_kib", reader->OffsetOf(reader->Has("maxmem") ? "maxmem" : "memory"));
  reader->Remember("spec.current_memory_kib", reader->OffsetOf("memory"));
}

// A set of processors for all, or a list of one set for each.
void ReadPlacement(XenConfigReader* reader, v1::DomainSpec* spec) {
  const XenConfigValue* value = reader->Take("cpus");
  if (value == nullptr) return;
  const auto set_of = [&](const XenConfigValue& item) -> std::string {
    if (item.kind == XenConfigValue::Kind::kNumber) return absl::StrCat(item.number);
    const std::string set = NormalNumberSet(item.text);
    if (!ParseNumberSet(item.text)) {
      reader->Fail(item.offset, absl::StrCat("has '", Printable(item.text), "', not a set of numbers"));
    }
    return set;
  };
  reader->Remember("spec.cpu_placement.cpuset", value->offset);
  reader->Remember("spec.cpu_tuning.vcpu_pins", value->offset);
  if (value->kind == XenConfigValue::Kind::kList) {
    for (size_t i = 0; i < value->items.size(); ++i) {
      v1::CpuPin* pin = spec->mutable_cpu_tuning()->add_vcpu_pins();
      pin->set_id(static_cast<uint32_t>(i));
      pin->set_cpuset(set_of(value->items[i]));
    }
  } else if (value->text != "all") {
    spec->mutable_cpu_placement()->set_cpuset(set_of(*value));
  }
}

void WritePlacement(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!spec.cpu_placement().cpuset().empty()) return writer->Text("cpus", spec.cpu_placement().cpuset());
  std::vector<std::string> sets;
  for (const v1::CpuPin& pin : spec.cpu_tuning().vcpu_pins()) sets.push_back(pin.cpuset());
  writer->List("cpus", sets);
}

void ReadAction(XenConfigReader* reader, absl::string_view name, absl::string_view fallback, std::string* action) {
  const auto text = reader->TakeText(name);
  *action = std::string(text ? text->text : fallback);
  if (text && std::find(kLifecycleActions.begin(), kLifecycleActions.end(), text->text) == kLifecycleActions.end()) {
    reader->Fail(text->offset, absl::StrCat("has '", Printable(text->text), "', which is not known"),
                 v1::REASON_DOCUMENT_UNKNOWN);
  }
}

void ReadPassthrough(XenConfigReader* reader, v1::DomainSpec* spec) {
  const auto mode = reader->TakeFilledText("passthrough");
  if (!mode) return;
  if (mode->text == "disabled") {
    // Which is what a guest has anyway, unless devices are given to it.
    if (reader->Has("pci")) spec->mutable_features()->mutable_xen()->set_passthrough(false);
    return;
  }
  v1::XenFeatures* xen = spec->mutable_features()->mutable_xen();
  xen->set_passthrough(true);
  if (mode->text == "sync_pt" || mode->text == "share_pt") {
    xen->set_passthrough_mode(std::string(mode->text));
  } else if (mode->text != "enabled") {
    reader->Fail(mode->offset, absl::StrCat("has '", Printable(mode->text), "', which is not known"),
                 v1::REASON_DOCUMENT_UNKNOWN);
  }
}

}  // namespace

void ReadXenResources(XenConfigReader* reader, v1::DomainSpec* spec) {
  ReadMemory(reader, spec);
  const int64_t vcpus = reader->TakeNumber("vcpus", 1, kMaxVcpus).value_or(1);
  const int64_t most = reader->TakeNumber("maxvcpus", 1, kMaxVcpus).value_or(vcpus);
  if (vcpus > most) reader->Fail(reader->OffsetOf("maxvcpus"), "is less than vcpus");
  spec->set_vcpus(static_cast<uint32_t>(most));
  if (vcpus < most) spec->mutable_cpu_placement()->set_current(static_cast<uint32_t>(vcpus));
  ReadPlacement(reader, spec);
  if (const auto weight = reader->TakeNumber("cpu_weight", 1, kMaxWeight)) {
    spec->mutable_cpu_tuning()->set_shares(static_cast<uint64_t>(*weight));
    reader->Remember("spec.cpu_tuning.shares", reader->OffsetOf("cpu_weight"));
  }
}

void WriteXenResources(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  writer->Number("maxmem", static_cast<int64_t>(Mebibytes(spec.memory_kib())));
  writer->Number("memory", static_cast<int64_t>(Mebibytes(spec.current_memory_kib())));
  const uint32_t vcpus = spec.cpu_placement().has_current() ? spec.cpu_placement().current() : spec.vcpus();
  if (vcpus < spec.vcpus()) writer->Number("maxvcpus", spec.vcpus());
  writer->Number("vcpus", vcpus);
  WritePlacement(spec, writer);
}

void WriteXenWeight(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (spec.cpu_tuning().has_shares()) writer->Number("cpu_weight", static_cast<int64_t>(spec.cpu_tuning().shares()));
}

void ReadXenFeatures(XenConfigReader* reader, v1::DomainSpec* spec) {
  if (IsXenHvm(*spec)) {
    v1::Features* features = spec->mutable_features();
    if (reader->TakeFlagOr("pae", true)) features->set_pae(true);
    if (reader->TakeFlagOr("acpi", true)) features->set_acpi(true);
    if (reader->TakeFlagOr("apic", true)) features->set_apic(true);
    if (!reader->TakeFlagOr("hap", true)) features->set_hap(false);
    if (reader->TakeFlagOr("viridian", false)) features->set_viridian(true);
  } else if (reader->TakeFlagOr("e820_host", false)) {
    spec->mutable_features()->mutable_xen()->set_e820_host(true);
  }
  ReadPassthrough(reader, spec);
}

void WriteXenFeatures(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  const v1::Features& features = spec.features();
  const v1::XenFeatures& xen = features.xen();
  if (IsXenHvm(spec)) {
    writer->Number("pae", features.pae() ? 1 : 0);
    writer->Number("acpi", features.acpi() ? 1 : 0);
    writer->Number("apic", features.apic() ? 1 : 0);
    if (features.has_hap() && !features.hap()) writer->Number("hap", 0);
    writer->Number("viridian", features.viridian() ? 1 : 0);
  } else if (xen.e820_host()) {
    writer->Number("e820_host", 1);
  }
  if (xen.passthrough()) {
    writer->Text("passthrough", xen.passthrough_mode().empty() ? "enabled" : xen.passthrough_mode());
  } else if (xen.has_passthrough()) {
    writer->Text("passthrough", "disabled");
  }
}

void ReadXenLife(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::LifecycleActions* actions = spec->mutable_lifecycle_actions();
  ReadAction(reader, "on_poweroff", "destroy", actions->mutable_on_poweroff());
  ReadAction(reader, "on_reboot", "restart", actions->mutable_on_reboot());
  ReadAction(reader, "on_crash", "restart", actions->mutable_on_crash());
  // The first is the name that xm had.
  for (const absl::string_view name : {"device_model", "device_model_override"}) {
    if (name == "device_model" && reader->dialect() != XenDialect::kXm) continue;
    if (const auto path = reader->TakeFilledText(name)) {
      spec->mutable_devices()->set_emulator(std::string(path->text));
      reader->Remember("spec.devices.emulator", path->offset);
    }
  }
}

void WriteXenLife(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  writer->Text("on_poweroff", spec.lifecycle_actions().on_poweroff());
  writer->Text("on_reboot", spec.lifecycle_actions().on_reboot());
  writer->Text("on_crash", spec.lifecycle_actions().on_crash());
  writer->OptionalText("device_model_override", spec.devices().emulator());
}

void ReadXenArguments(XenConfigReader* reader, v1::DomainSpec* spec) {
  const std::vector<XenPiece> arguments = reader->TakeList("device_model_args");
  if (arguments.empty()) return;
  reader->Remember("spec.emulator_command_line", arguments[0].offset);
  v1::EmulatorCommandLine* command = spec->mutable_emulator_command_line();
  command->set_dialect("xen");
  for (const XenPiece& argument : arguments) command->add_arguments(std::string(argument.text));
}

void WriteXenArguments(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  const auto& arguments = spec.emulator_command_line().arguments();
  writer->List("device_model_args", {arguments.begin(), arguments.end()});
}

}  // namespace reeve::formats
