// The models of x86 processors under libvirt's names (those of 9.0). Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "drivers/cpu/cpu_features.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::cpu {

struct CpuModel {
  std::string name;
  // "Intel", "AMD", "Hygon"; empty: it is of no vendor.
  std::string vendor;
  FeatureSet features;
  // What was in it once, before QEMU took it out: a guest's description says of each whether it is there.
  FeatureSet former;
  // Family and model of processors that are of it; steppings from `first` to `last`.
  struct Signature {
    uint32_t family;
    uint32_t model;
    uint32_t first_stepping;
    uint32_t last_stepping;
  };
  std::vector<Signature> signatures;
  // Known, but not chosen for a processor.
  bool old = false;
  // Chosen for a host only.
  bool host_only = false;
};

// Each family from its oldest to its newest, as libvirt has them.
const std::vector<CpuModel>& CpuModels();
// Null: there is none of that name.
const CpuModel* FindCpuModel(absl::string_view name);
bool IsOf(const v1::CpuSignature& signature, const CpuModel& model);

// "Intel" for the CPUID instruction's "GenuineIntel"; empty for one that libvirt does not know.
absl::string_view VendorName(absl::string_view text);
bool IsVendorName(absl::string_view name);

}  // namespace reeve::cpu
