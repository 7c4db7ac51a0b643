#include "drivers/lxc/life_cycle.h"

#include <utility>
#include <vector>

#include "drivers/lxc/shared_namespaces.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::lxc {
namespace {

using drivers::DomainKey;

}  // namespace

LifeCycle::~LifeCycle() {
  // Containers are called by the loop, and they call the worker: in this order nothing comes after its end.
  for (const std::shared_ptr<Container>& container : guests_.All()) container->Forget();
}

absl::StatusOr<std::shared_ptr<Container>> LifeCycle::Start(const DomainKey& domain, LaunchPlan plan,
                                                            const v1::DomainSpec& spec,
                                                            std::vector<util::UniqueFd> files) {
  guests_.Remember(domain.uid, spec);
  absl::StatusOr<std::shared_ptr<Container>> container =
      StartBetweenHooks(domain, std::move(plan), spec, std::move(files));
  if (container.ok()) {
    absl::Status status = hooks_.Run(Hooks::Point::kStarted, domain, spec);
    if (status.ok()) return container;
    EndAfterHook(*container);
    container = status;
  }
  hooks_.Note(Hooks::Point::kStopped, domain, spec);
  hooks_.Note(Hooks::Point::kRelease, domain, spec);
  guests_.Forget(domain.uid);
  return container;
}

absl::StatusOr<std::shared_ptr<Container>> LifeCycle::StartBetweenHooks(const DomainKey& domain, LaunchPlan plan,
                                                                        const v1::DomainSpec& spec,
                                                                        std::vector<util::UniqueFd> files) {
  if (absl::Status status = hooks_.Run(Hooks::Point::kPrepare, domain, spec); !status.ok()) return status;
  std::vector<util::UniqueFd> held;
  const auto find_guest = [this](const std::string& name) { return guests_.FindFirstProcess(name); };
  if (absl::Status status = FindSharedNamespaces(spec, find_guest, &plan, &held); !status.ok()) return status;
  if (absl::Status status = cleaner_.Settle(domain.uid); !status.ok()) return status;
  const bool paused = plan.paused;
  std::optional<ContainerParts> leftover;
  absl::StatusOr<std::shared_ptr<Container>> container =
      launcher_.Launch(domain, std::move(plan), spec, std::move(held), std::move(files),
                       [&] { return hooks_.Run(Hooks::Point::kStart, domain, spec); }, &leftover);
  Clean(std::move(leftover));
  if (!container.ok()) return container;
  if (absl::Status status = Keep(*container, paused); !status.ok()) return status;
  return container;
}

absl::StatusOr<drivers::GuestExit> LifeCycle::Destroy(const std::shared_ptr<Container>& container) {
  const v1::DomainSpec spec = guests_.SpecOf(container->key().uid);
  absl::StatusOr<drivers::GuestExit> exit =
      container->Destroy([&] { hooks_.Note(Hooks::Point::kStopped, container->key(), spec); });
  if (!exit.ok()) return exit;
  Drop(container);
  Clean(container->TakeLeftover());
  hooks_.Note(Hooks::Point::kRelease, container->key(), spec);
  return exit;
}

bool LifeCycle::Readopt(const FoundGuest& guest, const v1::DomainSpec* spec) {
  if (spec != nullptr) guests_.Remember(guest.key.uid, *spec);
  if (!Keep(guest.running, guest.paused).ok()) return false;
  if (spec == nullptr) return true;
  absl::Status status = hooks_.Run(Hooks::Point::kReconnect, guest.key, *spec);
  if (status.ok()) return true;
  util::LogError("hypervisors/lxc/domains/", guest.key.name, " is ended: ", status.message());
  EndAfterHook(guest.running);
  return false;
}

// Takes a container that runs and watches it. When that fails it is destroyed.
absl::Status LifeCycle::Keep(const std::shared_ptr<Container>& container, bool paused) {
  sampler_.MakeRoom(guests_.Add(container));
  absl::Status status = container->Watch(
      paused, [this](const std::shared_ptr<Container>& ended) { HandleEnd(ended); },
      [this](const DomainKey& key, const drivers::RunningGuest& guest, bool requested) {
        if (observer_ != nullptr) observer_->OnReboot(key, guest, requested);
      });
  if (status.ok()) return status;
  container->Forget();
  Drop(container);
  std::optional<ContainerParts> leftover;
  (void)container->Finish([] {}, &leftover);  // nobody has heard of it yet
  Clean(std::move(leftover));
  return WithReason(v1::REASON_START_FAILED, WithContext("watch the supervisor", status));
}

void LifeCycle::Drop(const std::shared_ptr<Container>& container) {
  sampler_.Forget(container->group_path());
  sampler_.MakeRoom(guests_.Remove(container));
}

void LifeCycle::EndAfterHook(const std::shared_ptr<Container>& container) {
  // An end of its own meanwhile is reported by itself.
  if (absl::StatusOr<drivers::GuestExit> exit = container->Destroy([] {}); exit.ok()) {
    Drop(container);
    Clean(container->TakeLeftover());
  }
}

// On the loop's thread.
void LifeCycle::HandleEnd(const std::shared_ptr<Container>& container) {
  worker_.Add([this, container] {
    // A script may take long, and so may a process to go: other guests end meanwhile.
    const drivers::Worker::Waits waits(&worker_);
    std::optional<ContainerParts> leftover;
    const v1::DomainSpec spec = guests_.SpecOf(container->key().uid);
    const auto hook = [&](Hooks::Point point) { hooks_.Note(point, container->key(), spec); };
    const drivers::GuestExit exit = container->Finish([&] { hook(Hooks::Point::kStopped); }, &leftover);
    Drop(container);
    Clean(std::move(leftover));
    hook(Hooks::Point::kRelease);
    if (observer_ != nullptr) observer_->OnExit(container->key(), exit);
  });
}

}  // namespace reeve::lxc
