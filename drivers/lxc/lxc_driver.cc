#include "drivers/lxc/lxc_driver.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/default_mac.h"
#include "drivers/lxc/capabilities_xml.h"
#include "drivers/lxc/host_requirements.h"
#include "drivers/lxc/leftovers.h"
#include "drivers/lxc/lxc_driver_implementation.h"
#include "drivers/lxc/recovery.h"
#include "drivers/lxc/validate.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/log.h"

namespace reeve::lxc {

using drivers::DomainKey;

namespace {

// Below are the host's users (Debian policy, 9.2.2).
constexpr uint32_t kFirstSubordinateId = 65536;

bool HasIdsOfItsOwn(const v1::DomainSpec& spec) {
  const auto of_host = [](const v1::IdMapping& range) { return range.target() < kFirstSubordinateId; };
  const v1::IdMap& map = spec.id_map();
  return !map.users().empty() && std::none_of(map.users().begin(), map.users().end(), of_host) &&
         std::none_of(map.groups().begin(), map.groups().end(), of_host);
}

}  // namespace

LxcDriver::Implementation::Running::Running(const LxcDriverOptions& options, const std::shared_ptr<EventLoop>& loop,
                                            const GuestHooks* hooks, ContainerTable* guests)
    : sampler(*options.hierarchies),
      launcher(options.run_directory, options.supervisor_path, *options.hierarchies,
               options.systemd_scopes ? SupervisorHome::kSystemdScope : SupervisorHome::kGroup, loop),
      life(&launcher, hooks, &sampler, guests) {}

LxcDriver::Implementation::Implementation(LxcDriverOptions given, absl::Status found, std::shared_ptr<EventLoop> events)
    : options(std::move(given)),
      obstacle(std::move(found)),
      loop(std::move(events)),
      hooks(options.hook_directory, options.hook_timeout),
      planner(options.id_ranges, options.cgroup_partition, options.lxcfs_directory) {
  if (options.hierarchies != nullptr) running.emplace(options, loop, &hooks, &guests);
}

LxcDriver::Implementation::~Implementation() {
  running.reset();
  // A handler that is just ending may be the last to hold a container, and with it the loop: its thread must not be the
  // one that waits for itself.
  loop->Stop();
}

absl::Status LxcDriver::Implementation::RefuseUnavailable() const {
  if (obstacle.ok()) return absl::OkStatus();
  return Error(v1::REASON_HYPERVISOR_UNAVAILABLE, absl::StrCat("LXC cannot run here: ", obstacle.message()));
}

LxcDriver::LxcDriver(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
LxcDriver::~LxcDriver() = default;

absl::StatusOr<std::unique_ptr<LxcDriver>> LxcDriver::Create(LxcDriverOptions options) {
  for (const std::string* path : {&options.run_directory, &options.supervisor_path, &options.cgroup_partition}) {
    if (path->empty() || (*path)[0] != '/') {
      return absl::InvalidArgumentError(absl::StrCat("LXC: '", *path, "' is not an absolute path"));
    }
  }
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop.ok()) return loop.status();
  absl::Status obstacle = FindObstacle(options.hierarchies.get(), options.unavailable, options.supervisor_path);
  if (obstacle.ok()) obstacle = util::MakeDirectories(options.run_directory, 0700);
  if (obstacle.ok() && chmod(options.run_directory.c_str(), 0700) < 0) {
    obstacle = util::ErrnoStatus(absl::StrCat("close ", options.run_directory));
  }
  return std::unique_ptr<LxcDriver>(
      new LxcDriver(std::make_unique<Implementation>(std::move(options), std::move(obstacle), *std::move(loop))));
}

v1::Hypervisor LxcDriver::Describe() const {
  v1::Hypervisor hypervisor;
  hypervisor.set_name("hypervisors/lxc");
  hypervisor.set_uri("lxc:///");
  hypervisor.set_type("LXC");
  hypervisor.set_version(KernelRelease());
  hypervisor.set_available(implementation_->obstacle.ok());
  hypervisor.set_unavailable_reason(std::string(implementation_->obstacle.message()));
  for (const std::string& leftover : implementation_->leftovers) hypervisor.add_leftovers(leftover);
  return hypervisor;
}

absl::StatusOr<std::string> LxcDriver::Capabilities() const {
  return CapabilitiesXml(Machine());
}

absl::Status LxcDriver::Validate(const v1::DomainSpec& spec) const {
  return ValidateSpec(spec);
}

absl::Status LxcDriver::Complete(const DomainKey& domain, v1::DomainSpec* spec) {
  int index = 0;
  for (v1::Interface& interface : *spec->mutable_devices()->mutable_interfaces()) {
    if (interface.mac_address().empty()) {
      interface.set_mac_address(drivers::DefaultMac(drivers::kMacPrefix, domain.uid, index));
    }
    ++index;
  }
  return implementation_->planner.CompleteIds(domain, spec);
}

void LxcDriver::Settle(const std::string& uid, const std::vector<v1::DomainSpec>& specs) {
  // A guest whose record is gone, or could not be stored, still uses what it runs with.
  const bool has_ids = std::any_of(specs.begin(), specs.end(), [](const auto& spec) { return spec.has_id_map(); });
  if (!has_ids && implementation_->guests.Find({.uid = uid}).ok()) return;
  implementation_->planner.SettleIds(uid, specs);
}

std::vector<drivers::RecoveredDomain> LxcDriver::Recover(const std::vector<drivers::KnownDomain>& known,
                                                         drivers::GuestObserver* observer) {
  std::map<std::string, const drivers::KnownDomain*> missing;
  for (const drivers::KnownDomain& domain : known) missing[domain.key.uid] = &domain;
  std::vector<drivers::RecoveredDomain> recovered;
  if (implementation_->running) implementation_->running->life.set_observer(observer);
  if (implementation_->obstacle.ok()) {
    const LxcDriverOptions& options = implementation_->options;
    LifeCycle& life = implementation_->running->life;
    std::set<std::string> found;
    for (FoundGuest& guest : FindGuests(options.run_directory, *options.hierarchies, implementation_->home(),
                                        options.cgroup_partition, implementation_->loop)) {
      found.insert(guest.key.uid);
      life.Clean(std::move(guest.leftover));
      const auto expected = missing.find(guest.key.uid);
      const drivers::KnownDomain* record = expected == missing.end() ? nullptr : expected->second;
      // What has ended and nobody knows, or knows of a later run, is of no interest.
      if (guest.running == nullptr && record == nullptr) continue;
      drivers::RecoveredDomain& domain = recovered.emplace_back();
      domain.key = guest.key;
      if (record != nullptr) {
        domain.key.name = record->key.name;
        missing.erase(expected);
      }
      if (guest.running != nullptr && life.Readopt(guest, record == nullptr ? nullptr : &record->spec)) {
        implementation_->planner.KeepIds(guest.running->plan());
        domain.running = guest.running->Describe();
      } else {
        domain.ended = guest.running == nullptr ? guest.exit : ReportVanished(absl::Now());
      }
    }
    // Ends, or tells of, what no record tells of.
    implementation_->leftovers = ClearLeftovers(*options.hierarchies, options.cgroup_partition, found, absl::Now());
    for (const std::string& leftover : implementation_->leftovers) util::LogWarn("hypervisors/lxc: ", leftover);
  }
  for (const auto& [uid, record] : missing) {
    drivers::RecoveredDomain& domain = recovered.emplace_back();
    domain.key = record->key;
    domain.ended = ReportVanished(absl::Now());
  }
  return recovered;
}

absl::Status LxcDriver::Preflight(const DomainKey& domain, const v1::DomainSpec& spec) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  if (absl::Status status = ValidateSpec(spec); !status.ok()) return status;
  absl::StatusOr<LaunchPlan> plan = implementation_->planner.Plan(domain, spec);
  if (!plan.ok()) return plan.status();
  return implementation_->running->launcher.Check(*plan);
}

absl::StatusOr<drivers::RunningGuest> LxcDriver::Start(const DomainKey& domain, const v1::DomainSpec& spec,
                                                       bool paused) {
  return StartWithFiles(domain, spec, paused, {});
}

absl::Status LxcDriver::CheckFiles(const v1::DomainSpec& spec, const drivers::PassedFiles& files) const {
  if (files.from_root || HasIdsOfItsOwn(spec)) return absl::OkStatus();
  return Error(
      v1::REASON_PERMISSION_DENIED,
      absl::StrCat("the guest has ids below ", kFirstSubordinateId,
                   " of the host, with which it may open more than its starter: only root hands it open files"));
}

absl::StatusOr<drivers::RunningGuest> LxcDriver::StartWithFiles(const DomainKey& domain, const v1::DomainSpec& spec,
                                                                bool paused, drivers::PassedFiles files) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  if (absl::Status status = ValidateSpec(spec); !status.ok()) return status;
  if (!IsSafeName(domain.uid)) return Error(v1::REASON_INTERNAL, absl::StrCat("'", domain.uid, "' is not a uid"));
  if (implementation_->guests.Find(domain).ok()) {
    return Error(v1::REASON_DOMAIN_STATE, "the domain runs already", {{"domain", domain.name}});
  }
  absl::StatusOr<LaunchPlan> plan = implementation_->planner.Plan(domain, spec);
  if (!plan.ok()) return plan.status();
  plan->paused = paused;
  absl::StatusOr<std::shared_ptr<Container>> container =
      implementation_->running->life.Start(domain, *std::move(plan), spec, std::move(files.files));
  if (!container.ok()) return container.status();
  return (*container)->Describe();
}

absl::StatusOr<v1::DomainStatistics> LxcDriver::Sample(const DomainKey& domain) const {
  return std::move(SampleMany({domain}, drivers::AllStatistics()).front());
}

std::vector<absl::StatusOr<v1::DomainStatistics>> LxcDriver::SampleMany(const std::vector<DomainKey>& domains,
                                                                        drivers::StatisticsParts parts) const {
  const std::vector<ContainerTable::Found> containers = implementation_->guests.FindMany(domains);
  if (implementation_->running) return implementation_->running->sampler.Sample(containers, parts);
  std::vector<absl::StatusOr<v1::DomainStatistics>> none;
  for (const ContainerTable::Found& container : containers) none.push_back(container.status());
  return none;
}

}  // namespace reeve::lxc
