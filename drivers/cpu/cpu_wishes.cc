#include "drivers/cpu/cpu_wishes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "drivers/cpu/shown_text.h"
#include "drivers/violations.h"

namespace reeve::cpu {
namespace {

constexpr int kMaxFeatures = 1024;
constexpr size_t kMaxFaults = 20;

constexpr absl::string_view kModes[] = {"", "custom", "host-model", "host-passthrough", "maximum"};
constexpr absl::string_view kMatches[] = {"", "minimum", "exact", "strict"};

template <size_t N>
bool IsOneOf(absl::string_view word, const absl::string_view (&known)[N]) {
  return std::find(known, known + N, word) != known + N;
}

// Null: there is no such policy.
FeatureSet* SetOf(absl::string_view policy, CpuWishes* wishes) {
  if (policy.empty() || policy == "require") return &wishes->require;
  if (policy == "force") return &wishes->force;
  if (policy == "optional") return &wishes->optional;
  if (policy == "disable") return &wishes->disable;
  if (policy == "forbid") return &wishes->forbid;
  return nullptr;
}

}  // namespace

absl::StatusOr<CpuWishes> ReadWishes(const v1::Cpu& cpu) {
  drivers::Violations violations;
  CpuWishes wishes;
  if (!IsOneOf(cpu.mode(), kModes)) violations.Invalid("mode", absl::StrCat(Quoted(cpu.mode()), " is not known"));
  if (!IsOneOf(cpu.match(), kMatches)) violations.Invalid("match", absl::StrCat(Quoted(cpu.match()), " is not known"));
  if (!cpu.model().empty()) {
    wishes.model = FindCpuModel(cpu.model());
    if (wishes.model == nullptr) {
      violations.Invalid("model", absl::StrCat("no model ", Quoted(cpu.model()), " is known"));
    }
  }
  if (cpu.features_size() > kMaxFeatures) {
    violations.Invalid("features", absl::StrCat("there are more than ", kMaxFeatures));
    return violations.ToStatus();
  }
  FeatureSet seen;
  size_t faults = 0;
  for (int i = 0; i < cpu.features_size() && faults < kMaxFaults; ++i) {
    const v1::CpuFeature& feature = cpu.features(i);
    const auto fail = [&](absl::string_view field, std::string why) {
      violations.Invalid(absl::StrCat("features[", i, "].", field), std::move(why));
      ++faults;
    };
    const std::optional<size_t> place = FindFeature(feature.name());
    FeatureSet* const set = SetOf(feature.policy(), &wishes);
    if (!place) {
      fail("name", absl::StrCat("no feature ", Quoted(feature.name()), " is known"));
    } else if (set == nullptr) {
      fail("policy", absl::StrCat(Quoted(feature.policy()), " is not known"));
    } else if (seen.test(*place)) {
      fail("name", absl::StrCat("feature ", Quoted(feature.name()), " is there twice"));
    } else {
      seen.set(*place);
      set->set(*place);
    }
  }
  if (!violations.empty()) return violations.ToStatus();
  return wishes;
}

bool IsX86(absl::string_view architecture) {
  return architecture == "x86_64" || architecture == "i686";
}

FeatureSet FeaturesOf(const v1::HostCpu& host) {
  FeatureSet features;
  for (const std::string& name : host.features()) {
    if (const std::optional<size_t> place = FindFeature(name)) features.set(*place);
  }
  return features;
}

}  // namespace reeve::cpu
