#include "drivers/cpu/cpu_features.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_split.h"

namespace reeve::cpu {
namespace {

// The names of the bits of each word, from bit 0 on; "-": none. What follows the last name has none either.
constexpr absl::string_view kNames[kFeatureWords] = {
    // kLeaf1Edx
    "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov "
    "pat pse36 pn clflush - ds acpi mmx fxsr sse sse2 ss ht tm ia64 pbe",
    // kLeaf1Ecx
    "pni pclmuldq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm "
    "- pcid dca sse4.1 sse4.2 x2apic movbe popcnt tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor",
    // kLeaf6Eax
    "- - arat",
    // kLeaf7Ebx
    "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cmt - mpx - "
    "avx512f avx512dq rdseed adx smap avx512ifma pcommit clflushopt clwb intel-pt avx512pf avx512er avx512cd sha-ni "
    "avx512bw avx512vl",
    // kLeaf7Ecx
    "- avx512vbmi umip pku ospke waitpkg avx512vbmi2 - gfni vaes vpclmulqdq avx512vnni avx512bitalg - avx512-vpopcntdq "
    "- "
    "la57 - - - - - rdpid - bus-lock-detect cldemote - movdiri movdir64b - sgxlc pks",
    // kLeaf7Edx
    "- - avx512-4vnniw avx512-4fmaps fsrm - - - avx512-vp2intersect - md-clear - - - serialize - "
    "tsx-ldtrk - pconfig arch-lbr - - amx-bf16 avx512-fp16 amx-tile amx-int8 spec-ctrl stibp - arch-capabilities "
    "core-capability ssbd",
    // kLeaf7Subleaf1Eax
    "- - - - avx-vnni avx512-bf16",
    // kLeafDSubleaf1Eax
    "xsaveopt xsavec xgetbv1 xsaves xfd",
    // kLeafFSubleaf1Edx
    "- mbm_total mbm_local",
    // kLeaf12Eax
    "sgx1 sgx2",
    // kLeaf12Ebx
    "sgx-exinfo",
    // kLeaf12Subleaf1Eax
    "- sgx-debug sgx-mode64 - sgx-provisionkey sgx-tokenkey - sgx-kss",
    // kLeaf14Ecx
    "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - intel-pt-lip",
    // kLeaf80000001Edx: what leaf 1 says too is told of there
    "- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow",
    // kLeaf80000001Ecx
    "lahf_lm cmp_legacy svm extapic cr8legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp "
    "fma4 tce cvt16 nodeid_msr - tbm topoext perfctr_core perfctr_nb",
    // kLeaf80000007Edx
    "- - - - - - - - invtsc",
    // kLeaf80000008Ebx
    "clzero - xsaveerptr - - - - - - wbnoinvd - - ibpb - ibrs amd-stibp "
    "- - - - - - - - amd-ssbd virt-ssbd amd-no-ssb",
    // kLeaf8000000aEdx
    "npt lbrv svm-lock nrip-save tsc-scale vmcb-clean flushbyasid decodeassists - - pause-filter - pfthreshold avic - "
    "v-vmsave-vmload vgif - - - - - - - - - - - svme-addr-chk",
    // kMsrArchCapabilities
    "rdctl-no ibrs-all rsba skip-l1dfl-vmentry ssb-no mds-no pschange-mc-no tsx-ctrl taa-no",
    // kMsrCoreCapability
    "- - - - - split-lock-detect",
};

struct Tables {
  std::array<absl::string_view, kFeatureWords * 32> names;  // by place
  absl::flat_hash_map<absl::string_view, size_t> places;
  FeatureSet named;
  FeatureSet unmovable;
};

const Tables& GetTables() {
  static const Tables* const tables = [] {
    auto* const made = new Tables;
    for (size_t word = 0; word < kFeatureWords; ++word) {
      size_t place = word * 32;
      for (const absl::string_view name : absl::StrSplit(kNames[word], ' ')) {
        if (name != "-") {
          made->names[place] = name;
          made->places[name] = place;
          made->named.set(place);
        }
        ++place;
      }
    }
    for (const absl::string_view name : {"invtsc", "xsaves"}) made->unmovable.set(made->places.at(name));
    return made;
  }();
  return *tables;
}

}  // namespace

FeatureSet FeaturesIn(FeatureWord word, uint32_t value) {
  return (FeatureSet(value) << (static_cast<size_t>(word) * 32)) & GetTables().named;
}

FeatureSet FeaturesOfXen(const std::array<uint32_t, kXenWords>& words) {
  static constexpr FeatureWord kWords[kXenWords] = {
      FeatureWord::kLeaf1Edx,        FeatureWord::kLeaf1Ecx,         FeatureWord::kLeaf80000001Edx,
      FeatureWord::kLeaf80000001Ecx, FeatureWord::kLeafDSubleaf1Eax, FeatureWord::kLeaf7Ebx,
      FeatureWord::kLeaf7Ecx,        FeatureWord::kLeaf80000007Edx,
  };
  FeatureSet features;
  for (size_t i = 0; i < kXenWords; ++i) features |= FeaturesIn(kWords[i], words[i]);
  return features;
}

FeatureSet CorrectedByXen(absl::string_view vendor, FeatureSet features,
                          const std::array<uint32_t, kXenWords>& words) {
  std::array<uint32_t, kXenWords> all;
  all.fill(UINT32_MAX);
  features = (features & ~FeaturesOfXen(all)) | FeaturesOfXen(words);
  const bool clears_sep = vendor == "AMD" || vendor == "Hygon";
  const auto& places = GetTables().places;
  if (clears_sep && features.test(places.at("lm"))) features.set(places.at("sep"));
  return features;
}

std::optional<size_t> FindFeature(absl::string_view name) {
  const auto& places = GetTables().places;
  const auto found = places.find(name);
  if (found == places.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> NamesInPlace(const FeatureSet& features) {
  std::vector<std::string> names;
  for (size_t place = 0; place < features.size(); ++place) {
    if (features.test(place)) names.emplace_back(GetTables().names[place]);
  }
  return names;
}

std::vector<std::string> NamesOf(const FeatureSet& features) {
  std::vector<std::string> names = NamesInPlace(features);
  std::sort(names.begin(), names.end());
  return names;
}

const FeatureSet& UnmovableFeatures() {
  return GetTables().unmovable;
}

}  // namespace reeve::cpu
