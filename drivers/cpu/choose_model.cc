#include "drivers/cpu/choose_model.h"

#include <algorithm>
#include <utility>

#include "drivers/cpu/cpu_wishes.h"

namespace reeve::cpu {
namespace {

bool FitsVendor(const CpuModel& model, absl::string_view vendor) {
  return vendor.empty() || model.vendor.empty() || model.vendor == vendor;
}

// What it takes to say that a guest of a model has other features.
struct Cost {
  size_t of_requiring = 0;
  size_t of_disabling = 0;

  std::pair<size_t, size_t> Rank() const { return {of_requiring + of_disabling, of_disabling}; }
};

// Guests take what their model is known for as given: to disable it is worse than to require more, and the worse the
// more of it. The weights are those of libvirt 9.0: 2, then in turn 1 (as a required one) and one more than before.
Cost CostOf(const CpuModel& model, const FeatureSet& features) {
  Cost cost{.of_requiring = (features & ~model.features).count()};
  const size_t disabled = ((model.features | model.former) & ~features).count();
  for (size_t i = 0; i < disabled; ++i) {
    if (i % 2 == 0) {
      cost.of_disabling += i / 2 + 2;
    } else {
      ++cost.of_requiring;
    }
  }
  return cost;
}

}  // namespace

const CpuModel& ChooseGuestModel(const FeatureSet& features, absl::string_view vendor,
                                 const std::vector<const CpuModel*>& named) {
  const CpuModel* const only = named.size() == 1 ? named.front() : nullptr;
  if (only != nullptr && !only->old && !only->host_only && FitsVendor(*only, vendor)) return *only;
  const CpuModel* best = nullptr;
  Cost best_cost;
  // From the newest on: what comes later must be better. The order counts, because being named is no matter of cost.
  for (auto model = CpuModels().rbegin(); model != CpuModels().rend(); ++model) {
    if (model->old || model->host_only || !FitsVendor(*model, vendor)) continue;
    const Cost cost = CostOf(*model, features);
    const bool is_named = std::find(named.begin(), named.end(), &*model) != named.end();
    const bool better =
        best == nullptr || cost.Rank() < best_cost.Rank() || (is_named && cost.of_disabling < best_cost.of_disabling);
    if (!better) continue;
    best = &*model;
    best_cost = cost;
  }
  return *best;
}

const CpuModel* ChooseHostModel(const v1::HostCpu& host) {
  const FeatureSet features = FeaturesOf(host);
  const CpuModel* best = nullptr;
  std::pair<bool, size_t> best_rank;  // not of that family and model; features
  for (const CpuModel& model : CpuModels()) {
    if (model.old || !FitsVendor(model, host.vendor()) || (model.features & ~features).any()) continue;
    const std::pair<bool, size_t> rank = {!IsOf(host.signature(), model), (features & ~model.features).count()};
    if (best != nullptr && rank > best_rank) continue;
    best = &model;
    best_rank = rank;
  }
  return best;
}

v1::HostCpu DescribeHost(v1::HostCpu host) {
  if (!IsX86(host.architecture())) return host;
  const CpuModel* const model = ChooseHostModel(host);
  FeatureSet features = FeaturesOf(host);
  if (model != nullptr) {
    host.set_model(model->name);
    features &= ~model->features;
  }
  host.clear_features();
  for (std::string& name : NamesInPlace(features)) host.add_features(std::move(name));
  return host;
}

}  // namespace reeve::cpu
