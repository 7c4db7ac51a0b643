#include "drivers/xen/cpu_feature_names.h"

#include <utility>

namespace reeve::xen {

absl::string_view XenCpuFeatureName(absl::string_view name) {
  static constexpr std::pair<absl::string_view, absl::string_view> kNames[] = {
      {"cid", "cntxid"},
      {"clflush", "clfsh"},
      {"cmp_legacy", "cmplegacy"},
      {"cr8legacy", "altmovcr8"},
      {"cx16", "cmpxchg16"},
      {"cx8", "cmpxchg8"},
      {"ds_cpl", "dscpl"},
      {"fxsr_opt", "ffxsr"},
      {"ht", "htt"},
      {"lahf_lm", "lahfsahf"},
      {"nodeid_msr", "nodeid"},
      {"pclmuldq", "pclmulqdq"},
      {"pdpe1gb", "page1gb"},
      {"pn", "psn"},
      {"pni", "sse3"},
      {"sep", "sysenter"},
      {"spec-ctrl", "ibrsb"},
  };
  for (const auto& [theirs, xen] : kNames) {
    if (name == theirs) return xen;
  }
  return name;
}

}  // namespace reeve::xen
