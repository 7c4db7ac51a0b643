#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

// What libvirt and Xen call the same feature.
constexpr std::pair<absl::string_view, absl::string_view> kFeatureNames[] = {
    {"cx16", "cmpxchg16"},
    {"cid", "cntxid"},
    {"ds_cpl", "dscpl"},
    {"pclmuldq", "pclmulqdq"},
    {"pni", "sse3"},
    {"ht", "htt"},
    {"pn", "psn"},
    {"clflush", "clfsh"},
    {"sep", "sysenter"},
    {"cx8", "cmpxchg8"},
    {"nodeid_msr", "nodeid"},
    {"cr8legacy", "altmovcr8"},
    {"lahf_lm", "lahfsahf"},
    {"cmp_legacy", "cmplegacy"},
    {"fxsr_opt", "ffxsr"},
    {"pdpe1gb", "page1gb"},
    {"spec-ctrl", "ibrsb"},
};

absl::string_view FromXen(absl::string_view name) {
  for (const auto& [libvirt, xen] : kFeatureNames) {
    if (xen == name) return libvirt;
  }
  return name;
}

absl::string_view ToXen(absl::string_view name) {
  for (const auto& [libvirt, xen] : kFeatureNames) {
    if (libvirt == name) return xen;
  }
  return name;
}

// Those that say whether the guest can have guests; nestedhvm says it.
bool IsNesting(absl::string_view name) {
  return name == "vmx" || name == "svm";
}

bool IsOff(const v1::CpuFeature& feature) {
  return feature.policy() == "disable" || feature.policy() == "forbid";
}

void ReadCpuFeature(XenConfigReader* reader, const XenOption& option, v1::Cpu* cpu) {
  const absl::string_view value = option.value.text;
  absl::string_view policy;
  if (value == "1") policy = "force";
  if (value == "0") policy = "disable";
  if (value == "x" || value == "k" || value == "s") policy = "optional";
  if (option.key.text.empty() || policy.empty()) {
    reader->Fail(option.key.offset, "has a part that is not NAME=1, 0, x, k or s", v1::REASON_DOCUMENT_UNKNOWN);
    return;
  }
  const absl::string_view name = FromXen(option.key.text);
  for (v1::CpuFeature& other : *cpu->mutable_features()) {
    if (other.name() != name) continue;
    reader->Warn(option.key.offset, "has a feature twice; the later one is taken");
    other.set_policy(std::string(policy));
    return;
  }
  v1::CpuFeature* feature = cpu->add_features();
  feature->set_name(std::string(name));
  feature->set_policy(std::string(policy));
}

}  // namespace

void ReadXenCpu(XenConfigReader* reader, v1::DomainSpec* spec) {
  const auto nested = IsXenHvm(*spec) ? reader->TakeFlag("nestedhvm") : std::nullopt;
  if (nested) {
    spec->mutable_cpu()->set_mode("host-passthrough");
    if (!*nested) {
      v1::CpuFeature* feature = spec->mutable_cpu()->add_features();
      feature->set_name("vmx");
      feature->set_policy("disable");
    }
  }
  const XenConfigValue* value = reader->Take("cpuid");
  if (value == nullptr) return;
  if (value->kind != XenConfigValue::Kind::kString) {
    reader->Fail(value->offset, "is not a string of the form host,NAME=VALUE: there is no form for registers",
                 v1::REASON_SPEC_UNSUPPORTED);
    return;
  }
  const std::vector<XenOption> options = SplitXenOptions(reader->PieceOf(*value));
  if (!options[0].key.text.empty() || options[0].value.text != "host") {
    reader->Fail(value->offset, "does not begin with host", v1::REASON_SPEC_UNSUPPORTED);
    return;
  }
  reader->Remember("spec.cpu.features", value->offset);
  spec->mutable_cpu()->set_mode("host-passthrough");
  for (size_t i = 1; i < options.size(); ++i) ReadCpuFeature(reader, options[i], spec->mutable_cpu());
}

void WriteXenNesting(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec) || spec.cpu().mode() != "host-passthrough") return;
  const auto& features = spec.cpu().features();
  const bool off = std::any_of(features.begin(), features.end(), [](const v1::CpuFeature& feature) {
    return IsNesting(feature.name()) && IsOff(feature);
  });
  writer->Number("nestedhvm", off ? 0 : 1);
}

void WriteXenCpuId(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (spec.cpu().mode() != "host-passthrough") return;
  std::vector<std::string> parts = {"host"};
  for (const v1::CpuFeature& feature : spec.cpu().features()) {
    if (IsNesting(feature.name())) continue;
    const char* value = IsOff(feature) ? "0" : feature.policy() == "optional" ? "x" : "1";
    parts.push_back(absl::StrCat(ToXen(feature.name()), "=", value));
  }
  if (parts.size() > 1) writer->Text("cpuid", absl::StrJoin(parts, ","));
}

}  // namespace reeve::formats
