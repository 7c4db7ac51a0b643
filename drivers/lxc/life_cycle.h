// How guests begin and end, with the hooks at their points.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/lxc/cleaner.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/container_table.h"
#include "drivers/lxc/guest_hooks.h"
#include "drivers/lxc/launcher.h"
#include "drivers/lxc/recovery.h"
#include "drivers/lxc/sampler.h"
#include "drivers/worker.h"

namespace reeve::lxc {

// Thread-safe. What it refers to outlives it. Destroying it leaves the guests running and forgets them.
class LifeCycle {
 public:
  LifeCycle(const Launcher* launcher, const GuestHooks* hooks, Sampler* sampler, ContainerTable* guests)
      : launcher_(*launcher), hooks_(*hooks), sampler_(*sampler), guests_(*guests) {}
  ~LifeCycle();
  LifeCycle(const LifeCycle&) = delete;
  LifeCycle& operator=(const LifeCycle&) = delete;

  // Who hears of ends and reboots; before anything else, once.
  void set_observer(drivers::GuestObserver* observer) { observer_ = observer; }

  // Starts the guest of a plan, whose init gets `files` as its descriptors from 3 on. After an error nothing of it is
  // left, or the cleaner has it.
  absl::StatusOr<std::shared_ptr<Container>> Start(const drivers::DomainKey& domain, LaunchPlan plan,
                                                   const v1::DomainSpec& spec, std::vector<util::UniqueFd> files);
  absl::StatusOr<drivers::GuestExit> Destroy(const std::shared_ptr<Container>& container);
  // Takes back a guest of an earlier daemon, unless its hook forbids it: then it is ended, as libvirt does. `spec` is
  // null for one that nobody knows.
  bool Readopt(const FoundGuest& guest, const v1::DomainSpec* spec);
  // Removes in the background what could not be removed at once.
  void Clean(std::optional<ContainerParts> leftover) { cleaner_.Add(std::move(leftover)); }

 private:
  absl::StatusOr<std::shared_ptr<Container>> StartBetweenHooks(const drivers::DomainKey& domain, LaunchPlan plan,
                                                               const v1::DomainSpec& spec,
                                                               std::vector<util::UniqueFd> files);
  absl::Status Keep(const std::shared_ptr<Container>& container, bool paused);
  void Drop(const std::shared_ptr<Container>& container);
  void EndAfterHook(const std::shared_ptr<Container>& container);
  void HandleEnd(const std::shared_ptr<Container>& container);

  const Launcher& launcher_;
  const GuestHooks& hooks_;
  Sampler& sampler_;
  ContainerTable& guests_;
  drivers::GuestObserver* observer_ = nullptr;
  Cleaner cleaner_{&worker_};
  drivers::Worker worker_;  // last: its jobs use the others
};

}  // namespace reeve::lxc
