#include "drivers/cpu/cpu_models.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::cpu {
namespace {

// Which processors are said to be of a model.
enum class Use { kAll, kHosts, kNever };

// A model as what it has more and less than another one that stands above it.
struct Row {
  absl::string_view name;
  absl::string_view base;  // empty: none
  absl::string_view vendor;
  // "6:23,29": family 6, models 23 and 29. "6:85@5-7": with steppings 5 to 7. "=": those of the base.
  absl::string_view signatures;
  absl::string_view features;  // divided by blanks; "-x": without x; "~x": it once had x
  Use use = Use::kAll;
};

constexpr Row kRows[] = {
    {"486", "", "", "", "fpu vme pse"},
    {"pentium", "486", "", "", "de tsc msr mce cx8 mmx"},
    {"pentium2", "pentium", "", "", "pae sep mtrr pge mca cmov pat pse36 fxsr"},
    {"pentium3", "pentium2", "", "", "sse"},
    {"pentiumpro", "pentium", "", "", "pae apic sep pge cmov pat fxsr sse sse2 -vme"},
    {"coreduo", "pentium3", "Intel", "", "apic clflush sse2 pni monitor nx -pse36"},
    {"n270", "coreduo", "Intel", "", "ssse3"},
    {"core2duo", "n270", "Intel", "", "pse36 syscall lm"},
    {"qemu32", "pentiumpro", "", "", "pni"},
    {"kvm32", "pentium3", "", "", "apic clflush sse2 pni -vme"},
    {"cpu64-rhel5", "kvm32", "", "", "syscall nx lm", Use::kNever},
    {"cpu64-rhel6", "cpu64-rhel5", "", "", "cx16 lahf_lm", Use::kNever},
    {"qemu64", "cpu64-rhel6", "", "", "svm -lahf_lm"},
    {"kvm64", "cpu64-rhel5", "", "", "cx16"},
    {"Conroe", "core2duo", "Intel", "6:15,22", "lahf_lm -vme -monitor"},
    {"Penryn", "Conroe", "Intel", "6:23,29", "cx16 sse4.1"},
    {"Nehalem", "Penryn", "Intel", "6:26,30,31,46", "sse4.2 popcnt"},
    {"Nehalem-IBRS", "Nehalem", "Intel", "=", "spec-ctrl"},
    {"Westmere", "Nehalem", "Intel", "6:44,47,37", "aes"},
    {"Westmere-IBRS", "Westmere", "Intel", "6:44", "spec-ctrl"},
    {"SandyBridge", "Westmere", "Intel", "6:42,45", "pclmuldq x2apic tsc-deadline xsave avx rdtscp"},
    {"SandyBridge-IBRS", "SandyBridge", "Intel", "=", "spec-ctrl"},
    {"IvyBridge", "SandyBridge", "Intel", "6:58,62", "vme f16c rdrand fsgsbase smep erms"},
    {"IvyBridge-IBRS", "IvyBridge", "Intel", "=", "spec-ctrl"},
    {"Haswell-noTSX", "IvyBridge", "Intel", "6:60,63,69,70",
     "fma pcid movbe bmi1 avx2 bmi2 invpcid -vme -f16c -rdrand"},
    {"Haswell-noTSX-IBRS", "Haswell-noTSX", "Intel", "=", "spec-ctrl"},
    {"Haswell", "Haswell-noTSX", "Intel", "=", "hle rtm"},
    {"Haswell-IBRS", "Haswell", "Intel", "=", "spec-ctrl"},
    {"Broadwell-noTSX", "Haswell-noTSX", "Intel", "6:61,71,79,86", "rdseed adx smap 3dnowprefetch"},
    {"Broadwell-noTSX-IBRS", "Broadwell-noTSX", "Intel", "=", "spec-ctrl"},
    {"Broadwell", "Broadwell-noTSX", "Intel", "=", "hle rtm"},
    {"Broadwell-IBRS", "Broadwell", "Intel", "=", "spec-ctrl"},
    {"Skylake-Client", "Broadwell", "Intel", "6:94,78,142,158", "vme f16c rdrand arat mpx xsaveopt xsavec xgetbv1 abm"},
    {"Skylake-Client-IBRS", "Skylake-Client", "Intel", "=", "spec-ctrl"},
    {"Skylake-Client-noTSX-IBRS", "Skylake-Client-IBRS", "Intel", "=", "-hle -rtm", Use::kHosts},
    {"Skylake-Server", "Skylake-Client", "Intel", "6:85@0-4",
     "avx512f avx512dq clwb avx512cd avx512bw avx512vl pdpe1gb"},
    {"Skylake-Server-IBRS", "Skylake-Server", "Intel", "=", "spec-ctrl"},
    {"Skylake-Server-noTSX-IBRS", "Skylake-Server-IBRS", "Intel", "=", "-hle -rtm", Use::kHosts},
    {"Cascadelake-Server", "Skylake-Server-IBRS", "Intel", "6:85@5-7", "clflushopt avx512vnni ssbd"},
    {"Cascadelake-Server-noTSX", "Cascadelake-Server", "Intel", "=", "-hle -rtm", Use::kHosts},
    {"Icelake-Client", "Skylake-Client-IBRS", "Intel", "6:126",
     "avx512vbmi umip pku avx512vbmi2 gfni vaes vpclmulqdq avx512vnni avx512bitalg avx512-vpopcntdq "
     "ssbd wbnoinvd ~intel-pt"},
    {"Icelake-Client-noTSX", "Icelake-Client", "Intel", "=", "-hle -rtm ~intel-pt", Use::kHosts},
    {"Icelake-Server", "Icelake-Client", "Intel", "6:106",
     "avx512f avx512dq clflushopt clwb avx512cd avx512bw avx512vl la57 pdpe1gb ~intel-pt"},
    {"Icelake-Server-noTSX", "Icelake-Server", "Intel", "=", "-hle -rtm ~intel-pt", Use::kHosts},
    {"Cooperlake", "Cascadelake-Server", "Intel", "6:85@10-11",
     "pku stibp arch-capabilities avx512-bf16 rdctl-no ibrs-all skip-l1dfl-vmentry mds-no "
     "pschange-mc-no taa-no -mpx"},
    {"Snowridge", "Skylake-Client-IBRS", "Intel", "6:134",
     "clflushopt clwb sha-ni umip gfni cldemote movdiri movdir64b arch-capabilities core-capability "
     "ssbd pdpe1gb split-lock-detect -fma -pcid -avx -f16c -bmi1 -hle -avx2 -bmi2 -invpcid -rtm -mpx "
     "-adx -abm"},
    {"athlon", "pentium3", "AMD", "", "apic sse2 mmxext 3dnowext 3dnow -mca"},
    {"phenom", "athlon", "AMD", "", "mca clflush pni monitor syscall nx fxsr_opt lm svm -vme"},
    {"Opteron_G1", "kvm64", "AMD", "15:6", "-cx16"},
    {"Opteron_G2", "Opteron_G1", "AMD", "=", "cx16 rdtscp lahf_lm svm"},
    {"Opteron_G3", "Opteron_G2", "AMD", "=", "popcnt abm sse4a misalignsse ~monitor"},
    {"Opteron_G4", "Opteron_G3", "AMD", "21:1",
     "pclmuldq ssse3 sse4.1 sse4.2 aes xsave avx pdpe1gb 3dnowprefetch xop fma4"},
    {"Opteron_G5", "Opteron_G4", "AMD", "21:2", "fma f16c tbm"},
    {"EPYC", "Opteron_G5", "AMD", "23:1",
     "vme movbe rdrand arat fsgsbase bmi1 avx2 smep bmi2 rdseed adx smap clflushopt sha-ni xsaveopt "
     "xsavec xgetbv1 mmxext fxsr_opt cr8legacy osvw -xop -fma4 -tbm ~monitor"},
    {"EPYC-IBPB", "EPYC", "AMD", "=", "ibpb ~monitor"},
    {"EPYC-Rome", "EPYC-IBPB", "AMD", "23:49",
     "clwb umip rdpid perfctr_core clzero xsaveerptr wbnoinvd amd-stibp npt nrip-save"},
    {"EPYC-Milan", "EPYC-Rome", "AMD", "25:1", "pcid erms invpcid pku fsrm xsaves ibrs amd-ssbd svme-addr-chk"},
    {"Dhyana", "EPYC", "Hygon", "24:0", "ibpb -pclmuldq -aes -sha-ni ~monitor"},
};

constexpr std::pair<absl::string_view, absl::string_view> kVendors[] = {
    {"GenuineIntel", "Intel"},
    {"AuthenticAMD", "AMD"},
    {"HygonGenuine", "Hygon"},
};

uint32_t Number(absl::string_view text) {
  uint32_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

std::vector<CpuModel::Signature> ParseSignatures(absl::string_view text) {
  std::vector<CpuModel::Signature> signatures;
  if (text.empty()) return signatures;
  const std::pair<absl::string_view, absl::string_view> family = absl::StrSplit(text, absl::MaxSplits(':', 1));
  const std::pair<absl::string_view, absl::string_view> models = absl::StrSplit(family.second, absl::MaxSplits('@', 1));
  uint32_t first = 0;
  uint32_t last = UINT32_MAX;
  if (!models.second.empty()) {
    const std::pair<absl::string_view, absl::string_view> range = absl::StrSplit(models.second, '-');
    first = Number(range.first);
    last = Number(range.second);
  }
  for (const absl::string_view model : absl::StrSplit(models.first, ',')) {
    signatures.push_back({Number(family.first), Number(model), first, last});
  }
  return signatures;
}

struct Tables {
  std::vector<CpuModel> models;
  absl::flat_hash_map<absl::string_view, size_t> places;
};

const Tables& GetTables() {
  static const Tables* const tables = [] {
    auto* const made = new Tables;
    made->models.reserve(std::size(kRows));
    for (const Row& row : kRows) {
      CpuModel model{.name = std::string(row.name), .vendor = std::string(row.vendor)};
      const CpuModel* const base = row.base.empty() ? nullptr : &made->models[made->places.at(row.base)];
      if (base != nullptr) model.features = base->features;
      model.signatures = row.signatures == "=" ? base->signatures : ParseSignatures(row.signatures);
      for (absl::string_view feature : absl::StrSplit(row.features, ' ')) {
        const bool former = absl::ConsumePrefix(&feature, "~");
        const bool without = absl::ConsumePrefix(&feature, "-");
        (former ? model.former : model.features).set(FindFeature(feature).value(), !without);
      }
      model.old = row.use == Use::kNever;
      model.host_only = row.use == Use::kHosts;
      made->places[row.name] = made->models.size();
      made->models.push_back(std::move(model));
    }
    return made;
  }();
  return *tables;
}

}  // namespace

const std::vector<CpuModel>& CpuModels() {
  return GetTables().models;
}

const CpuModel* FindCpuModel(absl::string_view name) {
  const Tables& tables = GetTables();
  const auto found = tables.places.find(name);
  return found == tables.places.end() ? nullptr : &tables.models[found->second];
}

bool IsOf(const v1::CpuSignature& signature, const CpuModel& model) {
  for (const CpuModel::Signature& candidate : model.signatures) {
    if (signature.family() == candidate.family && signature.model() == candidate.model &&
        signature.stepping() >= candidate.first_stepping && signature.stepping() <= candidate.last_stepping) {
      return true;
    }
  }
  return false;
}

absl::string_view VendorName(absl::string_view text) {
  for (const auto& [theirs, name] : kVendors) {
    if (text == theirs) return name;
  }
  return {};
}

bool IsVendorName(absl::string_view name) {
  for (const auto& [theirs, known] : kVendors) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace reeve::cpu
