#include "drivers/lxc/planner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/lxcfs.h"
#include "drivers/lxc/plan_builder.h"
#include "drivers/lxc/steps.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumMounts = 16 << 20;

}  // namespace

absl::StatusOr<LaunchPlan> Planner::Plan(const drivers::DomainKey& domain, const v1::DomainSpec& spec) {
  v1::DomainSpec whole = spec;
  if (absl::Status status = CompleteIds(domain, &whole); !status.ok()) return status;
  absl::StatusOr<LaunchPlan> plan = BuildPlan(domain, whole, partition_);
  if (!plan.ok()) return plan;
  absl::StatusOr<std::string> filter = filters_.Make(RefusedSystemCalls(spec));
  if (!filter.ok()) return WithReason(v1::REASON_START_FAILED, filter.status());
  plan->system_calls = *std::move(filter);
  if (absl::Status status = AddLxcfs(spec, &*plan); !status.ok()) return status;
  return plan;
}

absl::Status Planner::CompleteIds(const drivers::DomainKey& domain, v1::DomainSpec* spec) {
  if (spec->has_id_map() || spec->lxc().id_map_mode() == v1::LxcOptions::ID_MAP_MODE_HOST) return absl::OkStatus();
  const uint32_t count = spec->lxc().has_id_map_count() ? spec->lxc().id_map_count() : kDefaultIdCount;
  return ids_.Assign(domain.uid, count, spec->mutable_id_map());
}

void Planner::SettleIds(const std::string& uid, const std::vector<v1::DomainSpec>& specs) {
  std::vector<v1::IdMap> maps;
  for (const v1::DomainSpec& spec : specs) {
    if (spec.has_id_map()) maps.push_back(spec.id_map());
  }
  ids_.Settle(uid, std::move(maps));
}

void Planner::KeepIds(const LaunchPlan& plan) {
  v1::IdMap map;
  const auto add = [](const std::vector<IdRange>& ranges, auto* mappings) {
    for (const IdRange& range : ranges) {
      v1::IdMapping& mapping = *mappings->Add();
      mapping.set_start(range.inside);
      mapping.set_target(range.outside);
      mapping.set_count(range.count);
    }
  };
  add(plan.users, map.mutable_users());
  add(plan.groups, map.mutable_groups());
  if (!plan.users.empty()) ids_.Keep(plan.uid, map);
}

// The files of lxcfs, where they are to be had and wanted.
absl::Status Planner::AddLxcfs(const v1::DomainSpec& spec, LaunchPlan* plan) const {
  if (spec.lxc().has_lxcfs() && !spec.lxc().lxcfs()) return absl::OkStatus();
  const absl::StatusOr<std::string> mounts = util::ReadFile("/proc/self/mountinfo", kMaximumMounts);
  if (mounts.ok() && LxcfsIsMounted(*mounts, lxcfs_)) {
    PlanLxcfs(lxcfs_, plan);
    return absl::OkStatus();
  }
  const std::string missing = absl::StrCat("lxcfs is not mounted at ", lxcfs_);
  if (spec.lxc().lxcfs()) {
    return Error(v1::REASON_START_FAILED, absl::StrCat(StepText(Step::kReplaceFile), ": ", missing));
  }
  plan->warnings.push_back(absl::StrCat(missing, ": /proc/meminfo, cpuinfo, stat and uptime are the host's"));
  return absl::OkStatus();
}

}  // namespace reeve::lxc
