#include "drivers/cpu/compare_cpu.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "drivers/cpu/cpu_wishes.h"
#include "drivers/cpu/shown_text.h"
#include "proto/status.h"

namespace reeve::cpu {
namespace {

std::string Listed(absl::string_view what, const google::protobuf::RepeatedPtrField<std::string>& names) {
  return absl::StrCat(what, ": ", absl::StrJoin(names, ", "));
}

// Why it is incompatible; empty: it is not.
std::string ReasonFor(const v1::HostCpu& host, const v1::Cpu& cpu, absl::string_view architecture,
                      const v1::CpuComparison& found) {
  if (!architecture.empty() && !IsX86(architecture)) {
    return absl::StrCat("the architecture is ", Shown(architecture), ", the host's ", host.architecture());
  }
  if (!cpu.vendor().empty() && cpu.vendor() != host.vendor()) {
    return absl::StrCat("the vendor is ", Shown(cpu.vendor()), ", the host's ",
                        host.vendor().empty() ? "not known" : host.vendor());
  }
  if (!found.forbidden_features().empty()) {
    return Listed("the host has features that are forbidden", found.forbidden_features());
  }
  if (!found.missing_features().empty()) {
    return Listed("the host lacks features that are required", found.missing_features());
  }
  if (cpu.match() == "strict" && !found.further_features().empty()) {
    return Listed("the match is strict, and the host has further features", found.further_features());
  }
  return "";
}

}  // namespace

absl::StatusOr<v1::CpuComparison> CompareCpu(const v1::HostCpu& host, const v1::Cpu& cpu,
                                             absl::string_view architecture) {
  if (!IsX86(host.architecture())) {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                 absl::StrCat("processors of architecture ", host.architecture(), " cannot be compared"));
  }
  v1::CpuComparison comparison;
  // Models and features of another architecture are not known here.
  if (!architecture.empty() && !IsX86(architecture)) {
    comparison.set_result(v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
    comparison.set_reason(ReasonFor(host, cpu, architecture, comparison));
    return comparison;
  }
  const absl::StatusOr<CpuWishes> wishes = ReadWishes(cpu);
  if (!wishes.ok()) return wishes.status();
  const FeatureSet present = FeaturesOf(host);
  const FeatureSet indifferent = wishes->force | wishes->optional | wishes->disable;
  const FeatureSet required = wishes->AllRequired();
  for (std::string& name : NamesOf(required & ~indifferent & ~present)) {
    comparison.add_missing_features(std::move(name));
  }
  for (std::string& name : NamesOf(wishes->forbid & present)) comparison.add_forbidden_features(std::move(name));
  for (std::string& name : NamesOf(present & ~required & ~indifferent & ~wishes->forbid)) {
    comparison.add_further_features(std::move(name));
  }
  comparison.set_reason(ReasonFor(host, cpu, architecture, comparison));
  if (!comparison.reason().empty()) {
    comparison.set_result(v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
  } else {
    comparison.set_result(comparison.further_features().empty() ? v1::CPU_COMPARISON_RESULT_IDENTICAL
                                                                : v1::CPU_COMPARISON_RESULT_SUPERSET);
  }
  return comparison;
}

}  // namespace reeve::cpu
