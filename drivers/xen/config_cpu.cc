// What a domain sees of the processor's features.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/xen/config_sections.h"
#include "drivers/xen/cpu_feature_names.h"

namespace reeve::xen {
namespace {

// xl.cfg(5), cpuid: '1' and '0' force a bit, 'x' leaves it to Xen.
absl::string_view PolicyLetter(const std::string& policy) {
  if (policy.empty() || policy == "require" || policy == "force") return "1";
  if (policy == "optional") return "x";
  return "0";
}

// Virtualization inside the guest is a switch of its own, not a bit.
bool IsNesting(const std::string& name) {
  return name == "vmx" || name == "svm";
}

}  // namespace

void SetCpuFeatures(const ConfigContext& context) {
  const v1::Cpu& cpu = context.spec.cpu();
  if (cpu.mode().empty() && cpu.model().empty() && cpu.features().empty()) return;  // topology or nodes only
  if (cpu.mode() != "host-passthrough") {
    return context.violations->Unsupported("cpu.mode", absl::StrCat("'", cpu.mode(), "' is not \"host-passthrough\""));
  }
  if (context.pv()) {
    if (!cpu.features().empty()) context.violations->Unsupported("cpu.features", "are of HVM and PVH only");
    return;
  }
  bool nested = true;
  for (int i = 0; i < cpu.features_size(); ++i) {
    const v1::CpuFeature& feature = cpu.features(i);
    const absl::string_view letter = PolicyLetter(feature.policy());
    if (IsNesting(feature.name())) {
      if (letter == "0") nested = false;
      continue;
    }
    const std::string setting = absl::StrCat(XenCpuFeatureName(feature.name()), "=", letter);
    if (context.library.libxl_cpuid_parse_config(&context.build().cpuid, setting.c_str()) != 0) {
      context.violations->Unsupported(absl::StrCat("cpu.features[", i, "].name"),
                                      absl::StrCat("Xen knows no feature '", feature.name(), "'"));
    }
  }
  if (context.hvm()) context.library.libxl_defbool_set(&context.build().nested_hvm, nested);
}

}  // namespace reeve::xen
