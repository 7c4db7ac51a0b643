// Which model a set of features is best called by. Pure functions, thread-safe.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "drivers/cpu/cpu_features.h"
#include "drivers/cpu/cpu_models.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::cpu {

// For a guest, which can be told to have less than its model: the model that needs the fewest words to say what is more
// and what is less, where "less" counts more, as libvirt 9.0 weighs them; of equal ones that with the least less, then
// the one that comes last in libvirt's list. `vendor` empty: models of every vendor. One of `named` is taken for having
// less to disable alone; where it is the only one, for being of the vendor. A null among them is a processor that names
// none.
const CpuModel& ChooseGuestModel(const FeatureSet& features, absl::string_view vendor,
                                 const std::vector<const CpuModel*>& named);

// A host's description has all that its model has. Among those one of the host's family and model is preferred, then
// that with the most features. Null: the host has less than every model.
const CpuModel* ChooseHostModel(const v1::HostCpu& host);

// What HostAccess::Processor says, as libvirt's <capabilities> does: with a model, and the features beyond it. Without
// a model where none fits, and as it is where it is no x86.
v1::HostCpu DescribeHost(v1::HostCpu host);

}  // namespace reeve::cpu
