// A start, from the plan to the running first process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/sealed_program.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Name of the group of a guest's processes, below its partition.
std::string GuestGroupName(const std::string& uid);

// Thread-safe; everything it refers to outlives it.
class Launcher {
 public:
  Launcher(std::string run_directory, std::string supervisor_path, cgroups::Hierarchies hierarchies,
           SupervisorHome home, std::shared_ptr<EventLoop> loop)
      : run_directory_(std::move(run_directory)),
        supervisor_(std::make_unique<SealedProgram>(std::move(supervisor_path))),
        hierarchies_(std::move(hierarchies)),
        home_(home),
        loop_(std::move(loop)) {
    (void)supervisor_->Get();  // the first start is to be as fast as the others; an error is that start's
  }

  // What of a plan can be checked without doing it: the root, the sources, the bridges. START_FAILED.
  absl::Status Check(const LaunchPlan& plan) const;

  // Starts the guest of `plan`, with the limits and devices of `spec`. `held` is what its supervisor keeps open for the
  // plan, `passed` what init gets as its descriptors from 3 on; `prepared` is called when all but the supervisor is there,
  // and its error ends the start. START_FAILED names the step; nothing is left then but what `leftover` gets. The container
  // is not watched yet.
  absl::StatusOr<std::shared_ptr<Container>> Launch(const drivers::DomainKey& key, LaunchPlan plan,
                                                    const v1::DomainSpec& spec, std::vector<util::UniqueFd> held,
                                                    std::vector<util::UniqueFd> passed,
                                                    const std::function<absl::Status()>& prepared,
                                                    std::optional<ContainerParts>* leftover) const;

 private:
  absl::Status PlanGroups(LaunchPlan* plan) const;
  absl::Status MakeGroup(const LaunchPlan& plan, const v1::DomainSpec& spec, ContainerParts* parts) const;
  absl::StatusOr<std::shared_ptr<Container>> Attempt(const v1::DomainSpec& spec, std::vector<util::UniqueFd> held,
                                                     std::vector<util::UniqueFd> passed,
                                                     const std::function<absl::Status()>& prepared,
                                                     ContainerParts* parts) const;

  const std::string run_directory_;
  const std::unique_ptr<SealedProgram> supervisor_;
  const cgroups::Hierarchies hierarchies_;
  const SupervisorHome home_;
  const std::shared_ptr<EventLoop> loop_;
};

}  // namespace reeve::lxc
