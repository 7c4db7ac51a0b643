// libxenlight's names of processor features where they are not libvirt's. Pure, thread-safe.
#pragma once

#include "absl/strings/string_view.h"

namespace reeve::xen {

// The name by which libxl_cpuid_parse_config knows a feature that libvirt calls `name`.
absl::string_view XenCpuFeatureName(absl::string_view name);

}  // namespace reeve::xen
