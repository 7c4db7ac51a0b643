#include "drivers/lxc/lxc_driver.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "cgroups/kept_files.h"
#include "drivers/default_mac.h"
#include "drivers/lxc/capabilities_xml.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/device_changes.h"
#include "drivers/lxc/guest_calls.h"
#include "drivers/lxc/hooks.h"
#include "drivers/lxc/id_ranges.h"
#include "drivers/lxc/launcher.h"
#include "drivers/lxc/leftovers.h"
#include "drivers/lxc/lxcfs.h"
#include "drivers/lxc/plan_builder.h"
#include "drivers/lxc/recovery.h"
#include "drivers/lxc/shared_namespaces.h"
#include "drivers/lxc/statistics.h"
#include "drivers/lxc/steps.h"
#include "drivers/lxc/system_calls.h"
#include "drivers/lxc/validate.h"
#include "drivers/worker.h"
#include "formats/domain_xml.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/log.h"

namespace reeve::lxc {
namespace {

using drivers::DomainKey;

// mount_setattr(2) with id maps is 5.12, what it needs of ext4 and others 5.14.
constexpr int kOldestMajor = 5;
constexpr int kOldestMinor = 14;
// How often what could not be removed is tried again, each try waiting for seconds itself.
constexpr int kCleaningAttempts = 10;
constexpr size_t kMaximumMounts = 16 << 20;

std::string KernelRelease() {
  utsname names = {};
  return uname(&names) < 0 ? std::string() : std::string(names.release);
}

std::string Machine() {
  utsname names = {};
  return uname(&names) < 0 ? std::string("x86_64") : std::string(names.machine);
}

bool KernelIsNewEnough(const std::string& release) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor);
}

// Half of the descriptors that we may have are for statistics, at most; clients and guests need the others.
size_t MostKeptFiles() {
  rlimit limit = {};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<size_t>(limit.rlim_cur / 2) : 0;
}

// Why guests cannot run here; OK when they can.
absl::Status Obstacle(const LxcDriverOptions& options) {
  if (options.hierarchies == nullptr) {
    return options.unavailable.ok() ? absl::FailedPreconditionError("no control groups were found")
                                    : options.unavailable;
  }
  if (options.hierarchies->tree() == nullptr)
    return absl::FailedPreconditionError("the control groups cannot be written");
  if (geteuid() != 0) return absl::FailedPreconditionError("the daemon does not run as root");
  if (const std::string release = KernelRelease(); !KernelIsNewEnough(release)) {
    return absl::FailedPreconditionError(
        absl::StrCat("kernel ", release, " is older than ", kOldestMajor, ".", kOldestMinor));
  }
  if (access(options.supervisor_path.c_str(), X_OK) < 0) {
    return util::ErrnoStatus(absl::StrCat("the supervisor ", options.supervisor_path));
  }
  return absl::OkStatus();
}

// Runlevels of a System V init.
constexpr char kHaltRunlevel = '0';
constexpr char kRebootRunlevel = '6';

absl::StatusOr<drivers::ShutdownModes> WaysToAsk(const drivers::ShutdownModes& modes) {
  if (modes.empty()) return drivers::ShutdownModes{v1::SHUTDOWN_MODE_INITCTL, v1::SHUTDOWN_MODE_SIGNAL};
  for (const v1::ShutdownMode mode : modes) {
    if (mode != v1::SHUTDOWN_MODE_INITCTL && mode != v1::SHUTDOWN_MODE_SIGNAL) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                   absl::StrCat("LXC asks guests by initctl or signal, not by ", v1::ShutdownMode_Name(mode)));
    }
  }
  return modes;
}

}  // namespace

class LxcDriver::Implementation {
 public:
  Implementation(LxcDriverOptions options, absl::Status obstacle, std::shared_ptr<EventLoop> loop)
      : options_(std::move(options)), obstacle_(std::move(obstacle)), loop_(std::move(loop)) {
    if (options_.hierarchies != nullptr) {
      kept_ = std::make_shared<cgroups::KeptFiles>(options_.hierarchies->shared_tree(), MostKeptFiles());
      readings_ = options_.hierarchies->Over(kept_);
      launcher_.emplace(options_.run_directory, options_.supervisor_path, *options_.hierarchies, home(), loop_);
    }
  }

  ~Implementation() {
    // Containers are called by the loop, and they call the worker: in this order nothing comes after its end.
    std::map<std::string, std::shared_ptr<Container>> containers;
    {
      absl::MutexLock lock(&mutex_);
      containers = containers_;
    }
    for (const auto& [uid, container] : containers) container->Forget();
  }

  const LxcDriverOptions& options() const { return options_; }
  SupervisorHome home() const {
    return options_.systemd_scopes ? SupervisorHome::kSystemdScope : SupervisorHome::kGroup;
  }
  const absl::Status& obstacle() const { return obstacle_; }
  const Launcher& launcher() const { return *launcher_; }
  const std::shared_ptr<EventLoop>& loop() const { return loop_; }
  void set_observer(drivers::GuestObserver* observer) { observer_ = observer; }

  absl::Status RefuseUnavailable() const {
    if (obstacle_.ok()) return absl::OkStatus();
    return Error(v1::REASON_HYPERVISOR_UNAVAILABLE, absl::StrCat("LXC cannot run here: ", obstacle_.message()));
  }

  IdRanges& ids() { return ids_; }

  // Gives it an id map of its own when it has none and is not to be in the host's user namespace.
  absl::Status CompleteIds(const DomainKey& domain, v1::DomainSpec* spec) {
    if (spec->has_id_map() || spec->lxc().id_map_mode() == v1::LxcOptions::ID_MAP_MODE_HOST) return absl::OkStatus();
    const uint32_t count = spec->lxc().has_id_map_count() ? spec->lxc().id_map_count() : kDefaultIdCount;
    return ids_.Assign(domain.uid, count, spec->mutable_id_map());
  }

  // A guest that is found running without a record has its ids until that ends.
  void KeepIds(const Container& container) {
    const LaunchPlan plan = container.plan();
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
  absl::Status AddLxcfs(const v1::DomainSpec& spec, LaunchPlan* plan) const {
    if (spec.lxc().has_lxcfs() && !spec.lxc().lxcfs()) return absl::OkStatus();
    const absl::StatusOr<std::string> mounts = util::ReadFile("/proc/self/mountinfo", kMaximumMounts);
    if (mounts.ok() && LxcfsIsMounted(*mounts, options_.lxcfs_directory)) {
      PlanLxcfs(options_.lxcfs_directory, plan);
      return absl::OkStatus();
    }
    const std::string missing = absl::StrCat("lxcfs is not mounted at ", options_.lxcfs_directory);
    if (spec.lxc().lxcfs()) {
      return Error(v1::REASON_START_FAILED, absl::StrCat(StepText(Step::kReplaceFile), ": ", missing));
    }
    plan->warnings.push_back(absl::StrCat(missing, ": /proc/meminfo, cpuinfo, stat and uptime are the host's"));
    return absl::OkStatus();
  }

  absl::StatusOr<FirstProcess> FindFirstProcess(const std::string& name) const {
    absl::MutexLock lock(&mutex_);
    for (const auto& [uid, container] : containers_) {
      if (container->key().name != name) continue;
      FirstProcess process{.pid = container->Describe().id, .pidfd = container->FirstProcess()};
      if (process.pidfd) return process;
    }
    return absl::NotFoundError("it does not run");
  }

  // Starts the guest of a plan, with the hooks at their points.
  absl::StatusOr<std::shared_ptr<Container>> Launch(const DomainKey& domain, LaunchPlan plan,
                                                    const v1::DomainSpec& spec) {
    absl::StatusOr<std::shared_ptr<Container>> container = LaunchBetweenHooks(domain, std::move(plan), spec);
    if (container.ok()) {
      absl::Status status = RunHook(Hooks::Point::kStarted, domain, spec);
      if (status.ok()) return container;
      EndAfterHook(*container);
      container = status;
    }
    NoteHook(Hooks::Point::kStopped, domain, spec);
    NoteHook(Hooks::Point::kRelease, domain, spec);
    return container;
  }

  absl::StatusOr<std::shared_ptr<Container>> LaunchBetweenHooks(const DomainKey& domain, LaunchPlan plan,
                                                                const v1::DomainSpec& spec) {
    if (absl::Status status = RunHook(Hooks::Point::kPrepare, domain, spec); !status.ok()) return status;
    std::vector<util::UniqueFd> held;
    const auto find_guest = [this](const std::string& name) { return FindFirstProcess(name); };
    if (absl::Status status = FindSharedNamespaces(spec, find_guest, &plan, &held); !status.ok()) return status;
    const bool paused = plan.paused;
    absl::StatusOr<std::shared_ptr<Container>> container = launcher_->Launch(
        domain, std::move(plan), spec, std::move(held), [&] { return RunHook(Hooks::Point::kStart, domain, spec); });
    if (!container.ok()) return container;
    if (absl::Status status = Keep(*container, paused); !status.ok()) return status;
    return container;
  }

  // As libvirt does: a hook that fails here ends the guest.
  absl::Status RunHook(Hooks::Point point, const DomainKey& domain, const v1::DomainSpec& spec) const {
    absl::Status status = hooks_.Run(point, domain.name, [&] { return Document(domain, spec); });
    return status.ok() ? status : WithReason(v1::REASON_START_FAILED, status);
  }
  // What has ended cannot be held up: a failure is noted.
  void NoteHook(Hooks::Point point, const DomainKey& domain, const v1::DomainSpec& spec) const {
    absl::Status status = hooks_.Run(point, domain.name, [&] { return Document(domain, spec); });
    if (!status.ok()) util::LogError("hypervisors/lxc/domains/", domain.name, ": ", status.message());
  }

  // Takes back a guest of an earlier daemon, unless the hook of it forbids it: then it is ended, as libvirt does.
  bool Readopt(const FoundGuest& guest, const v1::DomainSpec* spec) {
    if (spec != nullptr) Remember(guest.key.uid, *spec);
    if (!Keep(guest.running, guest.paused).ok()) return false;
    if (spec == nullptr) return true;
    absl::Status status = RunHook(Hooks::Point::kReconnect, guest.key, *spec);
    if (status.ok()) return true;
    util::LogError("hypervisors/lxc/domains/", guest.key.name, " is ended: ", status.message());
    EndAfterHook(guest.running);
    return false;
  }

  absl::StatusOr<drivers::GuestExit> End(const std::shared_ptr<Container>& container) {
    const v1::DomainSpec spec = SpecOf(container->key().uid);
    absl::StatusOr<drivers::GuestExit> exit =
        container->Destroy([&] { NoteHook(Hooks::Point::kStopped, container->key(), spec); });
    if (!exit.ok()) return exit;
    Drop(container);
    Clean(container->TakeLeftover());
    NoteHook(Hooks::Point::kRelease, container->key(), spec);
    return exit;
  }

  // Ends, or tells of, what no record tells of.
  void ClearLeftovers(const std::set<std::string>& known) {
    leftovers_ = lxc::ClearLeftovers(*options_.hierarchies, options_.cgroup_partition, known, absl::Now());
    for (const std::string& leftover : leftovers_) util::LogWarn("hypervisors/lxc: ", leftover);
  }
  const std::vector<std::string>& leftovers() const { return leftovers_; }

  // Specifications of guests that run, for hooks at their end.
  void Remember(const std::string& uid, const v1::DomainSpec& spec) {
    absl::MutexLock lock(&mutex_);
    specs_[uid] = spec.SerializeAsString();
  }
  void Forget(const std::string& uid) {
    absl::MutexLock lock(&mutex_);
    if (!containers_.contains(uid)) specs_.erase(uid);
  }
  v1::DomainSpec SpecOf(const std::string& uid) const {
    absl::MutexLock lock(&mutex_);
    v1::DomainSpec spec;
    const auto found = specs_.find(uid);
    if (found != specs_.end()) (void)spec.ParseFromString(found->second);  // we wrote it ourselves
    return spec;
  }

  // The plan of a start, in which nothing is left open.
  absl::StatusOr<LaunchPlan> Plan(const DomainKey& domain, const v1::DomainSpec& spec) {
    v1::DomainSpec whole = spec;
    if (absl::Status status = CompleteIds(domain, &whole); !status.ok()) return status;
    absl::StatusOr<LaunchPlan> plan = BuildPlan(domain, whole, options_.cgroup_partition);
    if (!plan.ok()) return plan;
    absl::StatusOr<std::string> filter = filters_.Make(RefusedSystemCalls(spec));
    if (!filter.ok()) return WithReason(v1::REASON_START_FAILED, filter.status());
    plan->system_calls = *std::move(filter);
    if (absl::Status status = AddLxcfs(spec, &*plan); !status.ok()) return status;
    return plan;
  }

  // DOMAIN_STATE when it does not run.
  absl::StatusOr<std::shared_ptr<Container>> Find(const DomainKey& domain) const {
    absl::MutexLock lock(&mutex_);
    const auto found = containers_.find(domain.uid);
    if (found == containers_.end())
      return Error(v1::REASON_DOMAIN_STATE, "the domain does not run", {{"domain", domain.name}});
    return found->second;
  }

  // That of domains[i] at i.
  std::vector<absl::StatusOr<std::shared_ptr<Container>>> FindMany(const std::vector<DomainKey>& domains) const {
    std::vector<absl::StatusOr<std::shared_ptr<Container>>> containers;
    containers.reserve(domains.size());
    for (const DomainKey& domain : domains) containers.push_back(Find(domain));
    return containers;
  }

  // Takes a container that runs and watches it. When that fails it is destroyed.
  absl::Status Keep(const std::shared_ptr<Container>& container, bool paused) {
    {
      absl::MutexLock lock(&mutex_);
      containers_[container->key().uid] = container;
    }
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

  // The hierarchies, with files that are kept open.
  const cgroups::Hierarchies& readings() const { return *readings_; }

  void Drop(const std::shared_ptr<Container>& container) {
    kept_->Forget(container->group_path());
    absl::MutexLock lock(&mutex_);
    const auto found = containers_.find(container->key().uid);
    if (found == containers_.end() || found->second != container) return;
    specs_.erase(found->first);
    containers_.erase(found);
  }

  // Asks a guest to end or to restart, in the first of the ways that it takes.
  absl::Status Ask(Container& container, const drivers::ShutdownModes& modes, bool reboot) const {
    absl::StatusOr<drivers::ShutdownModes> ways = WaysToAsk(modes);
    if (!ways.ok()) return ways.status();
    absl::Status status;
    for (const v1::ShutdownMode way : *ways) {
      if (way == v1::SHUTDOWN_MODE_SIGNAL) {
        status = reboot ? container.Reboot() : container.Shutdown();
      } else {
        status = AskInitctl(loop_, &container, reboot ? kRebootRunlevel : kHaltRunlevel);
        // A restart must be known as one that was asked for. An end may be quicker than we: then there is nobody to tell.
        if (status.ok() && reboot) status = container.ExpectReboot();
        if (status.ok() && !reboot) (void)container.ExpectEnd();
      }
      if (ReasonOf(status) != v1::REASON_GUEST_CANNOT) return status;
    }
    return status;
  }

  // Removes in the background what could not be removed at once.
  void Clean(std::optional<ContainerParts> leftover, int attempt = 0) {
    if (!leftover || attempt == kCleaningAttempts) return;
    auto parts = std::make_shared<ContainerParts>(*std::move(leftover));
    worker_.Add([this, parts, attempt] {
      if (!RemoveParts(parts.get()).ok()) Clean(std::move(*parts), attempt + 1);
    });
  }

 private:
  static std::string Document(const DomainKey& domain, const v1::DomainSpec& spec) {
    v1::Domain whole;
    whole.set_name(absl::StrCat("hypervisors/lxc/domains/", domain.name));
    whole.set_uid(domain.uid);
    *whole.mutable_spec() = spec;
    return formats::WriteDomainXml(whole);
  }

  void EndAfterHook(const std::shared_ptr<Container>& container) {
    // An end of its own meanwhile is reported by itself.
    if (absl::StatusOr<drivers::GuestExit> exit = container->Destroy([] {}); exit.ok()) {
      Drop(container);
      Clean(container->TakeLeftover());
    }
  }

  // On the loop's thread.
  void HandleEnd(const std::shared_ptr<Container>& container) {
    worker_.Add([this, container] {
      std::optional<ContainerParts> leftover;
      const v1::DomainSpec spec = SpecOf(container->key().uid);
      const auto hook = [&](Hooks::Point point) {
        std::optional<drivers::Worker::Waits> waits;
        if (hooks_.Any()) waits.emplace(&worker_);  // a script may take long: other guests end meanwhile
        NoteHook(point, container->key(), spec);
      };
      const drivers::GuestExit exit = container->Finish([&] { hook(Hooks::Point::kStopped); }, &leftover);
      Drop(container);
      Clean(std::move(leftover));
      hook(Hooks::Point::kRelease);
      if (observer_ != nullptr) observer_->OnExit(container->key(), exit);
    });
  }

  const LxcDriverOptions options_;
  const absl::Status obstacle_;
  const std::shared_ptr<EventLoop> loop_;
  const Hooks hooks_{options_.hook_directory, options_.hook_timeout};
  IdRanges ids_{options_.id_ranges};
  SystemCallFilters filters_;
  std::shared_ptr<cgroups::KeptFiles> kept_;  // with hierarchies only
  std::optional<cgroups::Hierarchies> readings_;
  std::optional<Launcher> launcher_;
  std::vector<std::string> leftovers_;           // set once, by Recover
  drivers::GuestObserver* observer_ = nullptr;  // set once, before anything else
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Container>> containers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> specs_ ABSL_GUARDED_BY(mutex_);  // serialized, by uid
  drivers::Worker worker_;  // last: its jobs use the others
};

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
  absl::Status obstacle = Obstacle(options);
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
  hypervisor.set_available(implementation_->obstacle().ok());
  hypervisor.set_unavailable_reason(std::string(implementation_->obstacle().message()));
  for (const std::string& leftover : implementation_->leftovers()) hypervisor.add_leftovers(leftover);
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
    if (interface.mac_address().empty()) interface.set_mac_address(drivers::DefaultMac(drivers::kMacPrefix, domain.uid, index));
    ++index;
  }
  return implementation_->CompleteIds(domain, spec);
}

void LxcDriver::Settle(const std::string& uid, const std::vector<v1::DomainSpec>& specs) {
  std::vector<v1::IdMap> maps;
  for (const v1::DomainSpec& spec : specs) {
    if (spec.has_id_map()) maps.push_back(spec.id_map());
  }
  // A guest whose record is gone, or could not be stored, still uses what it runs with.
  if (maps.empty() && implementation_->Find({.uid = uid}).ok()) return;
  implementation_->ids().Settle(uid, std::move(maps));
}

std::vector<drivers::RecoveredDomain> LxcDriver::Recover(const std::vector<drivers::KnownDomain>& known,
                                                         drivers::GuestObserver* observer) {
  implementation_->set_observer(observer);
  std::map<std::string, DomainKey> missing;
  std::map<std::string, v1::DomainSpec> specs;
  for (const drivers::KnownDomain& domain : known) {
    missing[domain.key.uid] = domain.key;
    specs[domain.key.uid] = domain.spec;
  }
  std::vector<drivers::RecoveredDomain> recovered;
  std::set<std::string> found;
  if (implementation_->obstacle().ok()) {
    const LxcDriverOptions& options = implementation_->options();
    for (FoundGuest& guest : FindGuests(options.run_directory, *options.hierarchies, implementation_->home(),
                                        options.cgroup_partition, implementation_->loop())) {
      found.insert(guest.key.uid);
      implementation_->Clean(std::move(guest.leftover));
      const auto expected = missing.find(guest.key.uid);
      // What has ended and nobody knows, or knows of a later run, is of no interest.
      const bool wanted = expected != missing.end();
      if (guest.running == nullptr && !wanted) continue;
      drivers::RecoveredDomain& domain = recovered.emplace_back();
      domain.key = guest.key;
      if (wanted) {
        domain.key.name = expected->second.name;
        missing.erase(expected);
      }
      if (guest.running != nullptr && implementation_->Readopt(guest, wanted ? &specs[guest.key.uid] : nullptr)) {
        implementation_->KeepIds(*guest.running);
        domain.running = guest.running->Describe();
      } else {
        domain.ended = guest.running == nullptr ? guest.exit : ReportVanished(absl::Now());
      }
    }
  }
  if (implementation_->obstacle().ok()) implementation_->ClearLeftovers(found);
  for (const auto& [uid, key] : missing) {
    drivers::RecoveredDomain& domain = recovered.emplace_back();
    domain.key = key;
    domain.ended = ReportVanished(absl::Now());
  }
  return recovered;
}

absl::Status LxcDriver::Preflight(const DomainKey& domain, const v1::DomainSpec& spec) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  if (absl::Status status = ValidateSpec(spec); !status.ok()) return status;
  absl::StatusOr<LaunchPlan> plan = implementation_->Plan(domain, spec);
  if (!plan.ok()) return plan.status();
  return implementation_->launcher().Check(*plan);
}

absl::StatusOr<drivers::RunningGuest> LxcDriver::Start(const DomainKey& domain, const v1::DomainSpec& spec,
                                                       bool paused) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  if (absl::Status status = ValidateSpec(spec); !status.ok()) return status;
  if (!IsSafeName(domain.uid)) return Error(v1::REASON_INTERNAL, absl::StrCat("'", domain.uid, "' is not a uid"));
  if (implementation_->Find(domain).ok()) {
    return Error(v1::REASON_DOMAIN_STATE, "the domain runs already", {{"domain", domain.name}});
  }
  absl::StatusOr<LaunchPlan> plan = implementation_->Plan(domain, spec);
  if (!plan.ok()) return plan.status();
  plan->paused = paused;
  implementation_->Remember(domain.uid, spec);
  absl::StatusOr<std::shared_ptr<Container>> container = implementation_->Launch(domain, *std::move(plan), spec);
  if (!container.ok()) {
    implementation_->Forget(domain.uid);
    return container.status();
  }
  return (*container)->Describe();
}

absl::Status LxcDriver::Shutdown(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  auto container = implementation_->Find(domain);
  return container.ok() ? implementation_->Ask(**container, modes, /*reboot=*/false) : container.status();
}

absl::Status LxcDriver::Reboot(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  auto container = implementation_->Find(domain);
  return container.ok() ? implementation_->Ask(**container, modes, /*reboot=*/true) : container.status();
}

absl::Status LxcDriver::ChangeDevice(const DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                                     const v1::DomainSpec& before, const v1::DomainSpec& after) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::ChangeDevice(implementation_->loop(), container->get(), change, device, before, after);
}

absl::Status LxcDriver::Tune(const DomainKey& domain, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  auto container = implementation_->Find(domain);
  return container.ok() ? (*container)->Tune(before, after) : container.status();
}

absl::Status LxcDriver::ReadTuning(const DomainKey& domain, v1::DomainTuning* tuning) const {
  auto container = implementation_->Find(domain);
  return container.ok() ? (*container)->ReadTuning(tuning) : container.status();
}

absl::Status LxcDriver::SendSignal(const DomainKey& domain, int64_t pid, uint32_t number) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  if (pid != 1) {
    return Error(v1::REASON_GUEST_CANNOT, absl::StrCat("LXC signals the guest's process 1 only, not ", pid));
  }
  return (*container)->Kill(number);
}

absl::StatusOr<std::string> LxcDriver::Hostname(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Hostname(implementation_->loop(), container->get());
}

absl::StatusOr<v1::ListInterfaceAddressesResponse> LxcDriver::InterfaceAddresses(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::InterfaceAddresses(implementation_->loop(), container->get());
}

absl::StatusOr<v1::GuestSecurityLabel> LxcDriver::SecurityLabel(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::SecurityLabel(**container);
}

absl::StatusOr<v1::GuestNamespaces> LxcDriver::Namespaces(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Namespaces(**container);
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::Execute(const DomainKey& domain,
                                                                          const v1::ExecStart& start,
                                                                          drivers::GuestProcessReader reader) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Execute(implementation_->loop(), container->get(), start, std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::PushFile(const DomainKey& domain,
                                                                           const v1::PushFileStart& start,
                                                                           drivers::GuestProcessReader reader) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::PushFile(implementation_->loop(), container->get(), start, std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::PullFile(const DomainKey& domain,
                                                                           const v1::PullFileRequest& request,
                                                                           drivers::GuestProcessReader reader) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return lxc::PullFile(implementation_->loop(), container->get(), request, std::move(reader));
}

absl::StatusOr<drivers::GuestExit> LxcDriver::Destroy(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return implementation_->End(*container);
}

absl::Status LxcDriver::Suspend(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  return container.ok() ? (*container)->Suspend() : container.status();
}

absl::Status LxcDriver::Resume(const DomainKey& domain) {
  auto container = implementation_->Find(domain);
  return container.ok() ? (*container)->Resume() : container.status();
}

absl::Status LxcDriver::Save(const DomainKey&, drivers::Progress*) {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "LXC cannot save the memory of a guest");
}

absl::StatusOr<v1::DomainStatistics> LxcDriver::Sample(const DomainKey& domain) const {
  return std::move(SampleMany({domain}, drivers::AllStatistics()).front());
}

std::vector<absl::StatusOr<v1::DomainStatistics>> LxcDriver::SampleMany(const std::vector<DomainKey>& domains,
                                                                        drivers::StatisticsParts parts) const {
  std::vector<absl::StatusOr<v1::DomainStatistics>> samples(domains.size(), absl::UnknownError("not sampled"));
  const auto containers = implementation_->FindMany(domains);
  // Some at a time, so that threads that share the work end together.
  constexpr size_t kBatch = 16;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    std::optional<Sweep> sweep;
    for (size_t begin = next.fetch_add(kBatch); begin < containers.size(); begin = next.fetch_add(kBatch)) {
      if (!sweep) sweep.emplace(implementation_->readings(), parts);
      for (size_t i = begin; i < std::min(begin + kBatch, containers.size()); ++i) {
        samples[i] = containers[i].ok() ? (*containers[i])->Sample(&*sweep) : containers[i].status();
      }
    }
  };
  std::vector<std::thread> threads;
  const size_t wanted = std::min<size_t>({std::thread::hardware_concurrency(), 4, containers.size() / (4 * kBatch) + 1});
  for (size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return samples;
}

absl::StatusOr<std::unique_ptr<drivers::Console>> LxcDriver::OpenConsole(const DomainKey& domain,
                                                                         const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  auto container = implementation_->Find(domain);
  if (!container.ok()) return container.status();
  return (*container)->OpenConsole(options, std::move(reader));
}

}  // namespace reeve::lxc
