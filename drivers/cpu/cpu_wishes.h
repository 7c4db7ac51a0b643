// What a description of a processor asks for, as sets of features. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/cpu/cpu_features.h"
#include "drivers/cpu/cpu_models.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::cpu {

// Features by what shall be done with them; a feature is named once.
struct CpuWishes {
  const CpuModel* model = nullptr;  // null: none is named
  FeatureSet force;
  FeatureSet require;  // beside those of the model
  FeatureSet optional;
  FeatureSet disable;
  FeatureSet forbid;

  // Those of the model too.
  FeatureSet AllRequired() const { return model == nullptr ? require : require | model->features; }
  // What a guest of this description has where the host has all of it: without what is optional.
  FeatureSet Whole() const { return (AllRequired() | force) & ~disable & ~forbid; }
  bool empty() const { return model == nullptr && (require | force).none(); }
};

// SPEC_INVALID with every wrong field: a model, feature, policy, mode or match that is not known, a feature that is
// named twice, more than 1024 features.
absl::StatusOr<CpuWishes> ReadWishes(const v1::Cpu& cpu);

// Whether processors of this architecture have these features: "x86_64", and the "i686" that they all can be.
bool IsX86(absl::string_view architecture);

// The features of a host; those whose names are not known are left out.
FeatureSet FeaturesOf(const v1::HostCpu& host);

}  // namespace reeve::cpu
