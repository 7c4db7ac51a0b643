// What several processors have in common. Pure function, thread-safe.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "formats/described_cpu.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::cpu {

struct BaselineOptions {
  bool expand_features = false;  // names the features of the model one by one
  bool migratable = false;       // leaves out what keeps a guest on its host
};

// A guest's processor (mode "custom", match "exact") that each of them has, as libvirt's virConnectBaselineCPU makes
// it: the model that all name, or the one that needs the fewest further words; what it lacks is required, what it has
// too much is disabled. Its vendor is theirs if all name the same. `fallback` is "forbid" where all name the model.
//
// SPEC_INVALID: ReadWishes; none are there, one that has neither model nor features, another architecture than x86,
// vendors that differ or are not known, nothing in common. Where one of several is at fault its place is named ("2: ").
absl::StatusOr<v1::Cpu> BaselineCpu(const std::vector<formats::DescribedCpu>& cpus, const BaselineOptions& options);

}  // namespace reeve::cpu
