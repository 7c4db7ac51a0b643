// Namespaces that a guest shares with others.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain_spec.pb.h"
#include "util/fd.h"

namespace reeve::lxc {

// The first process of a guest that runs, by the name of its domain: a pid that is sure to be its own as long as the pidfd
// is not ready.
struct FirstProcess {
  int64_t pid = 0;
  util::UniqueFd pidfd;
};
using FindGuest = std::function<absl::StatusOr<FirstProcess>(const std::string& domain)>;

// Opens the namespaces that the specification names, adds them to `held`, whose place the plan gets, and takes them from
// those that are made for the guest. START_FAILED when one is not there.
absl::Status FindSharedNamespaces(const v1::DomainSpec& spec, const FindGuest& find_guest, LaunchPlan* plan,
                                  std::vector<util::UniqueFd>* held);

}  // namespace reeve::lxc
