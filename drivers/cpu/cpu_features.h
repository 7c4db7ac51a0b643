// The features of x86 processors under libvirt's names, as sets of bits. Pure functions, thread-safe.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::cpu {

// The 32 bits in which a processor tells of features: a register of a leaf (and subleaf) of the CPUID instruction, or
// the lower half of a model-specific register.
enum class FeatureWord {
  kLeaf1Edx,
  kLeaf1Ecx,
  kLeaf6Eax,
  kLeaf7Ebx,
  kLeaf7Ecx,
  kLeaf7Edx,
  kLeaf7Subleaf1Eax,
  kLeafDSubleaf1Eax,
  kLeafFSubleaf1Edx,
  kLeaf12Eax,
  kLeaf12Ebx,
  kLeaf12Subleaf1Eax,
  kLeaf14Ecx,
  kLeaf80000001Edx,
  kLeaf80000001Ecx,
  kLeaf80000007Edx,
  kLeaf80000008Ebx,
  kLeaf8000000aEdx,
  kMsrArchCapabilities,  // 0x10a
  kMsrCoreCapability,    // 0xcf
};
inline constexpr size_t kFeatureWords = 20;

// A bit each: word * 32 + bit of the word. Only bits that have a name are ever set.
using FeatureSet = std::bitset<kFeatureWords * 32>;

// What one word says; bits without a name are left out.
FeatureSet FeaturesIn(FeatureWord word, uint32_t value);

// What the hypervisor says of the hardware (libxl_physinfo.hw_cap): the first eight words of Xen's feature set
// (xen/arch-x86/cpufeatureset.h).
inline constexpr size_t kXenWords = 8;
FeatureSet FeaturesOfXen(const std::array<uint32_t, kXenWords>& words);
// `features`, with those of these words as Xen says. Of one bit it says less than a guest can have: on processors of AMD
// and Hygon it clears "sep", for PV guests cannot use SYSENTER there; HVM guests can, and all with 64 bits have it.
FeatureSet CorrectedByXen(absl::string_view vendor, FeatureSet features,
                          const std::array<uint32_t, kXenWords>& words);

// The place of a feature in a set; nothing for a name that is not known.
std::optional<size_t> FindFeature(absl::string_view name);

// The names, in alphabetical order or in that of the bits.
std::vector<std::string> NamesOf(const FeatureSet& features);
std::vector<std::string> NamesInPlace(const FeatureSet& features);

// Features of one time and place: a guest that has one of them cannot move to another host ("invtsc").
const FeatureSet& UnmovableFeatures();

}  // namespace reeve::cpu
