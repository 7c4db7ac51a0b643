#include "drivers/xen/xen_driver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/default_mac.h"
#include "drivers/worker.h"
#include "drivers/xen/backend_statistics.h"
#include "drivers/xen/config_builder.h"
#include "drivers/xen/endings.h"
#include "drivers/xen/foreign_spec.h"
#include "drivers/xen/guest_table.h"
#include "drivers/xen/libxl_toolstack.h"
#include "drivers/xen/live_changes.h"
#include "drivers/xen/saved_guest.h"
#include "drivers/xen/xen_capabilities.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::xen {
namespace {

using drivers::DomainKey;

// The note that a guest of ours carries in the hypervisor's host: "run N\n" and the specification, serialized.
constexpr char kNote[] = "reeve-domain";

std::string NoteOf(const DomainKey& key, const v1::DomainSpec& spec) {
  return absl::StrCat("run ", key.run, "\n", spec.SerializeAsString());
}

bool ReadNoteText(const std::string& note, uint64_t* run, v1::DomainSpec* spec) {
  const size_t end = note.find('\n');
  if (note.rfind("run ", 0) != 0 || end == std::string::npos) return false;
  return absl::SimpleAtoi(note.substr(4, end - 4), run) && spec->ParseFromString(note.substr(end + 1));
}

// A status of the toolstack as one of the driver.
absl::Status Failed(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) {
    return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the guest is gone: ", status.message()));
  }
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

// The answer to asking the guest.
absl::Status Asked(const absl::Status& status) {
  if (status.ok()) return status;
  if (status.code() == absl::StatusCode::kUnimplemented) return WithReason(v1::REASON_GUEST_CANNOT, status);
  return Failed(status);
}

absl::Status CheckModes(const drivers::ShutdownModes& modes, const drivers::ShutdownModes& had, absl::string_view verb) {
  for (const v1::ShutdownMode mode : modes) {
    if (std::find(had.begin(), had.end(), mode) == had.end()) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                   absl::StrCat("Xen has no ", verb, " by ", v1::ShutdownMode_Name(mode)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

XenDriverOptions DetectXen(std::string state_directory) {
  XenDriverOptions options{.state_directory = std::move(state_directory)};
  // libxenlight itself would say so too, but only after it has been loaded: a host without Xen pays nothing.
  if (access("/proc/xen/capabilities", R_OK) < 0 && access("/dev/xen/privcmd", F_OK) < 0) {
    options.unavailable = absl::FailedPreconditionError("this host does not run on Xen");
    return options;
  }
  absl::StatusOr<std::shared_ptr<const LibxlLibrary>> library = LibxlLibrary::Load();
  if (!library.ok()) {
    options.unavailable = library.status();
    return options;
  }
  options.library = *std::move(library);
  absl::StatusOr<std::unique_ptr<Toolstack>> toolstack = OpenLibxlToolstack(options.library);
  if (toolstack.ok()) {
    options.toolstack = *std::move(toolstack);
  } else {
    options.unavailable = toolstack.status();
  }
  return options;
}

class XenDriver::Implementation final : public ToolstackObserver {
 public:
  explicit Implementation(XenDriverOptions options) : options_(std::move(options)) {}
  ~Implementation() override {
    // First the worker, whose jobs use the toolstack; then the toolstack, whose thread calls us; the consoles' threads last.
    std::unique_ptr<drivers::Worker> worker;
    {
      absl::MutexLock lock(&worker_mutex_);
      worker = std::move(worker_);
    }
    worker.reset();
    options_.toolstack.reset();
    for (const Guest& guest : guests_.All()) guest.console->Close("the daemon ends");
  }

  const XenDriverOptions& options() const { return options_; }
  Toolstack& toolstack() const { return *options_.toolstack; }
  GuestTable& guests() { return guests_; }
  bool available() const { return options_.toolstack != nullptr; }

  absl::Status RefuseUnavailable() const {
    if (available()) return absl::OkStatus();
    return Error(v1::REASON_HYPERVISOR_UNAVAILABLE,
                 absl::StrCat("Xen cannot run here: ", options_.unavailable.message()));
  }

  // DOMAIN_STATE when it does not run; UNSUPPORTED_BY_DRIVER for the domain that we run in.
  absl::StatusOr<Guest> Find(const DomainKey& domain) {
    std::optional<Guest> guest = guests_.Find(domain.uid);
    if (!guest.has_value()) {
      return Error(v1::REASON_DOMAIN_STATE, "the domain does not run", {{"domain", domain.name}});
    }
    return *std::move(guest);
  }
  absl::StatusOr<Guest> FindChangeable(const DomainKey& domain) {
    absl::StatusOr<Guest> guest = Find(domain);
    if (guest.ok() && guest->domid == 0) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "Domain-0 is the host itself: it is left alone");
    }
    return guest;
  }

  std::string SavedPath(const std::string& uid) const { return absl::StrCat(options_.state_directory, "/save/", uid); }
  std::string CorePath(const DomainKey& key, absl::Time now) const {
    return absl::StrCat(options_.state_directory, "/dump/", key.uid, "-", absl::ToUnixSeconds(now), ".core");
  }

  std::vector<drivers::RecoveredDomain> Recover(const std::vector<drivers::KnownDomain>& known,
                                                drivers::GuestObserver* observer);
  absl::StatusOr<drivers::RunningGuest> Start(const DomainKey& key, const v1::DomainSpec& spec, bool paused);
  absl::StatusOr<drivers::GuestExit> Destroy(const Guest& guest);
  absl::Status Save(const Guest& guest, drivers::Progress* progress);
  absl::Status SetPaused(const DomainKey& domain, bool paused);
  // The specification with which the guest runs from now on.
  absl::Status Note(const Guest& guest, const v1::DomainSpec& spec);
  v1::DomainStatistics Measure(const Guest& guest, const GuestFacts& facts, drivers::StatisticsParts parts) const;

  // From the toolstack's thread: what takes time is left to the worker.
  void OnStopped(uint32_t domid, StopReason reason) override {
    Later([this, domid, reason] { HandleStop(domid, reason); });
  }
  void OnGone(uint32_t domid) override {
    Later([this, domid] { HandleGone(domid); });
  }
  void OnDomainsChanged() override {
    if (change_queued_.exchange(true)) return;
    Later([this] {
      change_queued_ = false;  // before it looks: what happens then is looked at again
      HandleChange();
    });
  }

 private:
  // Does the job on the worker's thread; not at all when the driver ends.
  void Later(std::function<void()> job) {
    absl::MutexLock lock(&worker_mutex_);
    if (worker_ != nullptr) worker_->Add(std::move(job));
  }
  absl::StatusOr<Guest> Make(const DomainKey& key, const v1::DomainSpec& spec, bool paused);
  absl::StatusOr<uint32_t> MakeMachine(const DomainKey& key, DomainConfig* config);
  // A guest that is there, whoever made it.
  absl::StatusOr<Guest> Read(const GuestFacts& facts) const;
  void Keep(Guest guest);
  void GiveUpSave(const DomainKey& key, uint32_t domid);
  void HandleStop(uint32_t domid, StopReason reason);
  void HandleGone(uint32_t domid);
  void HandleChange();
  void HandlePause(const Guest& known);
  void Restart(const Guest& guest);

  XenDriverOptions options_;
  drivers::GuestObserver* observer_ = nullptr;  // set once, before anything else
  GuestTable guests_;
  std::atomic<bool> change_queued_{false};
  absl::Mutex pause_mutex_;  // what we pause is not taken for what another has paused
  absl::Mutex worker_mutex_;
  std::unique_ptr<drivers::Worker> worker_ ABSL_GUARDED_BY(worker_mutex_) = std::make_unique<drivers::Worker>();
};

absl::StatusOr<uint32_t> XenDriver::Implementation::MakeMachine(const DomainKey& key, DomainConfig* config) {
  const std::string path = SavedPath(key.uid);
  util::UniqueFd saved(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!saved) {
    if (errno != ENOENT) return util::ErrnoStatus(absl::StrCat("open ", path));
    return toolstack().Create(config);
  }
  absl::StatusOr<v1::DomainSpec> spec = ReadSavedHead(saved);
  if (!spec.ok()) return WithContext(path, spec.status());
  absl::StatusOr<uint32_t> domid = toolstack().Restore(config, saved.get());
  // Restored memory must not be restored twice: its disks have moved on.
  if (domid.ok() && unlink(path.c_str()) < 0) util::LogError("remove ", path, ": ", strerror(errno));
  return domid;
}

absl::StatusOr<Guest> XenDriver::Implementation::Make(const DomainKey& key, const v1::DomainSpec& spec, bool paused) {
  absl::StatusOr<DomainConfig> config = BuildDomainConfig(options_.library, key, spec);
  if (!config.ok()) return config.status();
  absl::StatusOr<uint32_t> domid = MakeMachine(key, &*config);
  if (!domid.ok()) return domid.status();
  absl::Status status = toolstack().StoreNote(*domid, kNote, NoteOf(key, spec));
  if (status.ok()) status = toolstack().Watch(*domid);
  if (status.ok() && !paused) status = toolstack().Unpause(*domid);
  if (!status.ok()) {
    const absl::Status destroyed = toolstack().Destroy(*domid);
    if (!destroyed.ok()) util::LogError("destroy the half-made guest ", key.name, ": ", destroyed.message());
    return status;
  }
  return Guest{.key = key,
               .spec = spec,
               .domid = *domid,
               .paused = paused,
               .foreign = false,
               .start_time = absl::Now(),
               .reboot_asked = false,
               .console = std::make_shared<PtyConsole>()};
}

absl::StatusOr<drivers::RunningGuest> XenDriver::Implementation::Start(const DomainKey& key,
                                                                       const v1::DomainSpec& spec, bool paused) {
  if (guests_.Find(key.uid).has_value()) {
    return Error(v1::REASON_DOMAIN_STATE, "the domain runs already", {{"domain", key.name}});
  }
  if (!guests_.Claim(key.uid)) return Error(v1::REASON_DOMAIN_BUSY, "the domain is being ended or restarted");
  absl::StatusOr<Guest> guest = Make(key, spec, paused);
  if (!guest.ok()) {
    guests_.Release(key.uid);
    return WithReason(v1::REASON_START_FAILED, guest.status());
  }
  const drivers::RunningGuest running = guest->Describe();
  guests_.Put(*std::move(guest));
  // It may have stopped before it was known.
  OnDomainsChanged();
  return running;
}

absl::StatusOr<drivers::GuestExit> XenDriver::Implementation::Destroy(const Guest& guest) {
  if (!guests_.Claim(guest.key.uid)) return Error(v1::REASON_DOMAIN_BUSY, "the domain is being ended or restarted");
  absl::Status status = toolstack().Destroy(guest.domid);
  if (!status.ok() && status.code() != absl::StatusCode::kNotFound) {
    guests_.Release(guest.key.uid);
    return Failed(status);
  }
  guest.console->Close("the guest was destroyed");
  guests_.Drop(guest.key.uid);
  return DestroyedByUs(absl::Now());
}

absl::Status XenDriver::Implementation::Save(const Guest& guest, drivers::Progress* progress) {
  const std::string path = SavedPath(guest.key.uid);
  const std::string unfinished = absl::StrCat(path, ".unfinished");
  if (absl::Status status = util::MakeDirectories(absl::StrCat(options_.state_directory, "/save"), 0700); !status.ok())
    return status;
  (void)unlink(unfinished.c_str());  // of a daemon that died
  util::UniqueFd file(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return util::ErrnoStatus(absl::StrCat("make ", unfinished));
  if (!guests_.Claim(guest.key.uid)) return Error(v1::REASON_DOMAIN_BUSY, "the domain is being ended or restarted");
  const uint64_t expected = std::max<uint64_t>(guest.spec.memory_kib() * 1024, 1);
  absl::Status status = WriteSavedHead(file, guest.spec);
  if (status.ok()) {
    status = toolstack().Save(guest.domid, file.get(), false, [&] {
      struct stat facts {};
      if (fstat(file.get(), &facts) == 0) {
        const uint64_t percent = static_cast<uint64_t>(facts.st_size) * 100 / expected;
        progress->Report("memory", static_cast<uint32_t>(std::min<uint64_t>(percent, 99)));
      }
      return progress->Cancelled();
    });
  }
  if (status.ok() && fsync(file.get()) < 0) status = util::ErrnoStatus(absl::StrCat("fsync ", unfinished));
  if (status.ok() && rename(unfinished.c_str(), path.c_str()) < 0) status = util::ErrnoStatus(absl::StrCat("make ", path));
  if (!status.ok()) {
    // The guest has stopped where only the file failed: it goes on.
    if (absl::StatusOr<GuestFacts> facts = toolstack().Look(guest.domid); facts.ok() && facts->stopped) {
      if (absl::Status resumed = toolstack().Resume(guest.domid); !resumed.ok()) {
        util::LogError("resume ", guest.key.name, " after a failed save: ", resumed.message());
      }
    }
    guests_.Release(guest.key.uid);
    (void)unlink(unfinished.c_str());
    if (status.code() == absl::StatusCode::kCancelled) return WithReason(v1::REASON_OPERATION_CANCELLED, status);
    return Failed(status);
  }
  progress->Report("end", 99);
  if (absl::Status destroyed = toolstack().Destroy(guest.domid); !destroyed.ok()) {
    util::LogError("destroy ", guest.key.name, " after it was saved: ", destroyed.message());
  }
  guest.console->Close("the guest was saved");
  guests_.Drop(guest.key.uid);
  return absl::OkStatus();
}

absl::StatusOr<Guest> XenDriver::Implementation::Read(const GuestFacts& facts) const {
  absl::StatusOr<std::string> name = toolstack().NameOf(facts.domid);
  if (!name.ok()) return name.status();
  Guest guest{.key = {.name = *name, .uid = facts.uuid},
              .spec = {},
              .domid = facts.domid,
              .paused = facts.paused,
              .foreign = true,
              .start_time = absl::Now(),
              .reboot_asked = false,
              .console = std::make_shared<PtyConsole>()};
  absl::StatusOr<std::string> note = toolstack().ReadNote(facts.domid, kNote);
  if (note.ok() && ReadNoteText(*note, &guest.key.run, &guest.spec)) {
    guest.foreign = false;
    return guest;
  }
  if (facts.domid != 0) {
    absl::StatusOr<DomainConfig> config = toolstack().ConfigOf(facts.domid);
    // Its toolstack writes the configuration last and lets it run then.
    if (!config.ok() && facts.paused) return absl::UnavailableError("the domain is being made");
    if (config.ok()) guest.spec = SpecOfConfig(*config->get());
  }
  if (guest.spec.memory_kib() == 0) guest.spec.set_memory_kib(std::max(facts.memory_kib, facts.maximum_memory_kib));
  if (guest.spec.vcpus() == 0) guest.spec.set_vcpus(std::max<uint32_t>(facts.vcpus_online, 1));
  if (guest.spec.os().type().empty()) guest.spec.mutable_os()->set_type("linux");
  return guest;
}

void XenDriver::Implementation::Keep(Guest guest) {
  if (guest.domid != 0) {
    if (absl::Status status = toolstack().Watch(guest.domid); !status.ok()) {
      util::LogError("watch ", guest.key.name, ": ", status.message());
    }
  }
  guests_.Put(std::move(guest));
}

std::vector<drivers::RecoveredDomain> XenDriver::Implementation::Recover(
    const std::vector<drivers::KnownDomain>& known, drivers::GuestObserver* observer) {
  observer_ = observer;
  std::vector<drivers::RecoveredDomain> recovered;
  std::map<std::string, const drivers::KnownDomain*> missing;
  for (const drivers::KnownDomain& domain : known) missing[domain.key.uid] = &domain;
  if (available()) {
    if (absl::Status status = toolstack().Observe(this); !status.ok()) util::LogError("Xen: ", status.message());
    absl::StatusOr<std::vector<GuestFacts>> list = toolstack().List();
    if (!list.ok()) util::LogError("Xen: ", list.status().message());
    for (const GuestFacts& facts : list.ok() ? *list : std::vector<GuestFacts>()) {
      if (facts.dying) continue;
      absl::StatusOr<Guest> guest = Read(facts);
      if (!guest.ok()) {
        util::LogWarn("domain ", facts.domid, " of Xen is left alone: ", guest.status().message());
        continue;
      }
      if (const auto expected = missing.find(facts.uuid); expected != missing.end()) {
        guest->key = expected->second->key;
        if (guest->foreign) guest->spec = expected->second->spec;
        missing.erase(expected);
      }
      drivers::RecoveredDomain& domain = recovered.emplace_back();
      domain.key = guest->key;
      domain.spec = guest->spec;
      domain.running = guest->Describe();
      Keep(*std::move(guest));
      // Its end waits to be handled since the last daemon.
      if (facts.stopped && facts.stop_reason == StopReason::kSuspend) GiveUpSave(domain.key, facts.domid);
      if (facts.stopped) OnStopped(facts.domid, facts.stop_reason);
    }
  }
  for (const auto& [uid, domain] : missing) {
    drivers::RecoveredDomain& ended = recovered.emplace_back();
    ended.key = domain->key;
    drivers::GuestExit exit = DestroyedByAnother(absl::Now());
    exit.reason = v1::DOMAIN_STATE_REASON_VANISHED;
    exit.detail = v1::EVENT_DETAIL_STOPPED_VANISHED;
    exit.message = "it ended while the daemon did not run";
    ended.ended = exit;
  }
  return recovered;
}

// A daemon that ended in the middle of a save has told nobody that it was done: the guest goes on, and the file goes.
void XenDriver::Implementation::GiveUpSave(const DomainKey& key, uint32_t domid) {
  const std::string path = SavedPath(key.uid);
  const bool unfinished = unlink(absl::StrCat(path, ".unfinished").c_str()) == 0;
  const bool finished = unlink(path.c_str()) == 0;
  if (!unfinished && !finished) return;  // another toolstack saves it
  absl::Status status = toolstack().Resume(domid);
  if (!status.ok()) util::LogError("resume ", key.name, " after a save that was cut off: ", status.message());
}

void XenDriver::Implementation::HandleStop(uint32_t domid, StopReason reason) {
  const std::optional<Guest> guest = guests_.FindDomid(domid);
  if (!guest.has_value() || guest->foreign || guest->preserved) return;  // who made it looks after it; its end will be seen
  if (reason == StopReason::kSuspend) return;        // somebody saves it; it will be gone, or go on
  if (!guests_.Claim(guest->key.uid)) return;        // it is being saved or destroyed
  const Aftermath aftermath = AftermathOf(reason, guest->spec.lifecycle_actions());
  const absl::Time now = absl::Now();
  if (aftermath.dump_core) {
    const std::string path = CorePath(guest->key, now);
    absl::Status status = util::MakeDirectories(absl::StrCat(options_.state_directory, "/dump"), 0700);
    if (status.ok()) status = toolstack().DumpCore(domid, path);
    if (status.ok()) {
      util::LogInfo("the core of ", guest->key.name, " is ", path);
    } else {
      util::LogError("dump the core of ", guest->key.name, ": ", status.message());
    }
  }
  if (aftermath.preserve) {
    util::LogWarn(guest->key.name, " has stopped and is preserved, as its definition says; destroy ends it");
    guests_.SetPreserved(guest->key.uid);
    return guests_.Release(guest->key.uid);
  }
  if (absl::Status status = toolstack().Destroy(domid);
      !status.ok() && status.code() != absl::StatusCode::kNotFound) {
    util::LogError("destroy ", guest->key.name, ", which has stopped: ", status.message());
  }
  if (aftermath.restart) return Restart(*guest);
  guest->console->Close("the guest has ended");
  guests_.Drop(guest->key.uid);
  if (observer_ != nullptr) observer_->OnExit(guest->key, ExitOf(reason, now));
}

void XenDriver::Implementation::Restart(const Guest& guest) {
  absl::StatusOr<Guest> restarted = Make(guest.key, guest.spec, false);
  guest.console->Close("the guest restarts");
  if (!restarted.ok()) {
    guests_.Drop(guest.key.uid);
    if (observer_ != nullptr) {
      observer_->OnExit(guest.key, RestartFailed(std::string(restarted.status().message()), absl::Now()));
    }
    return;
  }
  const drivers::RunningGuest running = restarted->Describe();
  guests_.Put(*std::move(restarted));
  if (observer_ != nullptr) observer_->OnReboot(guest.key, running, guest.reboot_asked);
  HandleChange();  // it may have stopped before it was known
}

void XenDriver::Implementation::HandleGone(uint32_t domid) {
  const std::optional<Guest> guest = guests_.FindDomid(domid);
  if (!guest.has_value() || guests_.Claimed(guest->key.uid)) return;
  guest->console->Close("the guest is gone");
  guests_.Drop(guest->key.uid);
  if (observer_ != nullptr) observer_->OnExit(guest->key, DestroyedByAnother(absl::Now()));
}

// Compares what there is with what is known.
void XenDriver::Implementation::HandleChange() {
  absl::StatusOr<std::vector<GuestFacts>> list = toolstack().List();
  if (!list.ok()) return util::LogError("Xen: ", list.status().message());
  std::set<uint32_t> present;
  for (const GuestFacts& facts : *list) {
    present.insert(facts.domid);
    if (facts.dying || guests_.Claimed(facts.uuid)) continue;
    const std::optional<Guest> known = guests_.Find(facts.uuid);
    if (!known.has_value() || known->domid != facts.domid) {
      absl::StatusOr<Guest> found = Read(facts);
      // It is not ready yet: it is looked at again.
      if (!found.ok()) continue;
      if (known.has_value()) {  // made anew by who made it: the same guest under another number
        found->key = known->key;
        found->spec = known->spec;
      }
      const Guest guest = *found;
      Keep(*std::move(found));
      if (observer_ != nullptr) observer_->OnFound(guest.key, guest.spec, guest.Describe());
    } else if (facts.stopped) {
      HandleStop(facts.domid, facts.stop_reason);
    } else if (known->paused != facts.paused) {
      HandlePause(*known);
    }
  }
  for (const Guest& guest : guests_.All()) {
    if (present.count(guest.domid) == 0) HandleGone(guest.domid);
  }
}

void XenDriver::Implementation::HandlePause(const Guest& known) {
  absl::MutexLock lock(&pause_mutex_);  // the list may be older than what we did
  absl::StatusOr<GuestFacts> facts = toolstack().Look(known.domid);
  if (!facts.ok() || !guests_.SetPaused(known.key.uid, facts->paused) || observer_ == nullptr) return;
  Guest changed = known;
  changed.paused = facts->paused;
  observer_->OnFound(changed.key, changed.spec, changed.Describe());
}

absl::Status XenDriver::Implementation::SetPaused(const DomainKey& domain, bool paused) {
  absl::StatusOr<Guest> guest = FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::MutexLock lock(&pause_mutex_);
  absl::Status status = paused ? toolstack().Pause(guest->domid) : toolstack().Unpause(guest->domid);
  if (!status.ok()) return Failed(status);
  guests_.SetPaused(domain.uid, paused);
  return absl::OkStatus();
}

absl::Status XenDriver::Implementation::Note(const Guest& guest, const v1::DomainSpec& spec) {
  guests_.SetSpec(guest.key.uid, spec);
  // A daemon that comes back reads it; the change itself is done.
  if (absl::Status status = toolstack().StoreNote(guest.domid, kNote, NoteOf(guest.key, spec)); !status.ok()) {
    util::LogWarn("note the change of ", guest.key.name, ": ", status.message());
  }
  return absl::OkStatus();
}

v1::DomainStatistics XenDriver::Implementation::Measure(const Guest& guest, const GuestFacts& facts,
                                                        drivers::StatisticsParts parts) const {
  v1::DomainStatistics statistics;
  *statistics.mutable_time() = util::ToProto(absl::Now());
  statistics.set_cpu_time_ns(facts.cpu_time_ns);
  statistics.set_memory_bytes(facts.memory_kib * 1024);
  statistics.set_memory_limit_bytes(facts.maximum_memory_kib * 1024);
  if (parts.test(v1::STATISTICS_PART_CPU)) {
    if (absl::StatusOr<std::vector<VcpuFacts>> vcpus = toolstack().VcpusOf(guest.domid); vcpus.ok()) {
      for (const VcpuFacts& vcpu : *vcpus) statistics.mutable_cpu()->add_by_cpu_ns(vcpu.cpu_time_ns);
    }
  }
  if (parts.test(v1::STATISTICS_PART_BLOCK) || parts.test(v1::STATISTICS_PART_INTERFACE)) {
    AddBackendStatistics(options_.sysfs, guest.domid, guest.spec, &statistics);
    if (!parts.test(v1::STATISTICS_PART_BLOCK)) statistics.clear_blocks();
    if (!parts.test(v1::STATISTICS_PART_INTERFACE)) statistics.clear_interfaces();
  }
  return statistics;
}

XenDriver::XenDriver(XenDriverOptions options) : implementation_(std::make_unique<Implementation>(std::move(options))) {}
XenDriver::~XenDriver() = default;

v1::Hypervisor XenDriver::Describe() const {
  v1::Hypervisor hypervisor;
  hypervisor.set_name("hypervisors/xen");
  hypervisor.set_uri("xen:///");
  hypervisor.set_type("Xen");
  hypervisor.set_available(implementation_->available());
  if (implementation_->available()) {
    absl::StatusOr<HostFacts> host = implementation_->toolstack().Host();
    if (host.ok()) hypervisor.set_version(host->version);
  } else {
    hypervisor.set_unavailable_reason(std::string(implementation_->options().unavailable.message()));
  }
  return hypervisor;
}

absl::StatusOr<std::string> XenDriver::Capabilities() const {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<HostFacts> host = implementation_->toolstack().Host();
  if (!host.ok()) return Failed(host.status());
  return CapabilitiesXml(*host);
}

absl::StatusOr<std::string> XenDriver::DomainCapabilities(const v1::GetDomainCapabilitiesRequest& request) const {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<HostFacts> host = implementation_->toolstack().Host();
  if (!host.ok()) return Failed(host.status());
  return DomainCapabilitiesXml(*host, request);
}

absl::Status XenDriver::Validate(const v1::DomainSpec& spec) const {
  if (implementation_->options().library == nullptr) return implementation_->RefuseUnavailable();
  const DomainKey any{.name = "domain", .uid = "00000000-0000-4000-8000-000000000000", .run = 0};
  return BuildDomainConfig(implementation_->options().library, any, spec).status();
}

absl::Status XenDriver::Complete(const DomainKey& domain, v1::DomainSpec* spec) {
  int index = 0;
  for (v1::Interface& interface : *spec->mutable_devices()->mutable_interfaces()) {
    if (interface.mac_address().empty()) {
      interface.set_mac_address(drivers::DefaultMac(drivers::kXenMacPrefix, domain.uid, index));
    }
    ++index;
  }
  return absl::OkStatus();
}

std::vector<drivers::RecoveredDomain> XenDriver::Recover(const std::vector<drivers::KnownDomain>& known,
                                                         drivers::GuestObserver* observer) {
  return implementation_->Recover(known, observer);
}

absl::Status XenDriver::Preflight(const DomainKey& domain, const v1::DomainSpec& spec) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  return BuildDomainConfig(implementation_->options().library, domain, spec).status();
}

absl::StatusOr<drivers::RunningGuest> XenDriver::Start(const DomainKey& domain, const v1::DomainSpec& spec,
                                                       bool paused) {
  if (absl::Status status = implementation_->RefuseUnavailable(); !status.ok()) return status;
  return implementation_->Start(domain, spec, paused);
}

absl::Status XenDriver::Shutdown(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  absl::Status status =
      CheckModes(modes, {v1::SHUTDOWN_MODE_PARAVIRT, v1::SHUTDOWN_MODE_ACPI_POWER_BUTTON}, "shutdown");
  if (!status.ok()) return status;
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  Toolstack& toolstack = implementation_->toolstack();
  // A PV guest has no button: what libxenlight said of the first way is what the caller can use.
  const bool button = guest->spec.os().type() == "hvm";
  for (const v1::ShutdownMode mode : modes.empty() ? drivers::ShutdownModes{v1::SHUTDOWN_MODE_PARAVIRT,
                                                                            v1::SHUTDOWN_MODE_ACPI_POWER_BUTTON}
                                                   : modes) {
    if (mode == v1::SHUTDOWN_MODE_PARAVIRT) {
      status = toolstack.Shutdown(guest->domid);
    } else if (button) {
      status = toolstack.PressPowerButton(guest->domid);
    } else if (modes.size() == 1) {
      return Error(v1::REASON_GUEST_CANNOT, "the guest has no power button: only HVM guests have one");
    }
    if (status.code() != absl::StatusCode::kUnimplemented) break;
  }
  return Asked(status);
}

absl::Status XenDriver::Reboot(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  absl::Status status = CheckModes(modes, {v1::SHUTDOWN_MODE_PARAVIRT}, "reboot");
  if (!status.ok()) return status;
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  status = implementation_->toolstack().Reboot(guest->domid);
  if (!status.ok()) return Asked(status);
  implementation_->guests().SetRebootAsked(domain.uid);
  return absl::OkStatus();
}

absl::StatusOr<drivers::GuestExit> XenDriver::Destroy(const DomainKey& domain) {
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  return implementation_->Destroy(*guest);
}

absl::Status XenDriver::Suspend(const DomainKey& domain) {
  return implementation_->SetPaused(domain, true);
}

absl::Status XenDriver::Resume(const DomainKey& domain) {
  return implementation_->SetPaused(domain, false);
}

absl::Status XenDriver::Save(const DomainKey& domain, drivers::Progress* progress) {
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  return implementation_->Save(*guest, progress);
}

absl::StatusOr<v1::DomainStatistics> XenDriver::Sample(const DomainKey& domain) const {
  return SampleMany({domain}, drivers::AllStatistics())[0];
}

std::vector<absl::StatusOr<v1::DomainStatistics>> XenDriver::SampleMany(const std::vector<DomainKey>& domains,
                                                                        drivers::StatisticsParts parts) const {
  std::vector<absl::StatusOr<v1::DomainStatistics>> samples;
  samples.reserve(domains.size());
  absl::Status unavailable = implementation_->RefuseUnavailable();
  std::map<uint32_t, GuestFacts> all;
  if (unavailable.ok()) {
    absl::StatusOr<std::vector<GuestFacts>> list = implementation_->toolstack().List();
    if (!list.ok()) unavailable = Failed(list.status());
    for (GuestFacts& facts : list.ok() ? *list : std::vector<GuestFacts>()) all.emplace(facts.domid, std::move(facts));
  }
  for (const DomainKey& domain : domains) {
    if (!unavailable.ok()) {
      samples.push_back(unavailable);
      continue;
    }
    absl::StatusOr<Guest> guest = implementation_->Find(domain);
    const auto facts = guest.ok() ? all.find(guest->domid) : all.end();
    if (facts == all.end()) {
      samples.push_back(guest.ok() ? Error(v1::REASON_DOMAIN_STATE, "the guest is gone") : guest.status());
      continue;
    }
    samples.push_back(implementation_->Measure(*guest, facts->second, parts));
  }
  return samples;
}

absl::Status XenDriver::ChangeDevice(const DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                                     const v1::DomainSpec& /*before*/, const v1::DomainSpec& after) {
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::Status status = ChangeGuestDevice(implementation_->toolstack(), implementation_->options().library, *guest,
                                          change, device, after);
  return status.ok() ? implementation_->Note(*guest, after) : Failed(status);
}

absl::Status XenDriver::Tune(const DomainKey& domain, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::Status status = TuneGuest(implementation_->toolstack(), *guest, before, after);
  return status.ok() ? implementation_->Note(*guest, after) : Failed(status);
}

absl::Status XenDriver::ReadTuning(const DomainKey& domain, v1::DomainTuning* tuning) const {
  absl::StatusOr<Guest> guest = implementation_->Find(domain);
  if (!guest.ok()) return guest.status();
  absl::StatusOr<Scheduling> scheduling = implementation_->toolstack().SchedulingOf(guest->domid);
  if (!scheduling.ok()) return Failed(scheduling.status());
  tuning->set_scheduler(scheduling->scheduler);
  if (scheduling->weight > 0) tuning->mutable_cpu()->set_shares(static_cast<uint64_t>(scheduling->weight));
  absl::StatusOr<GuestFacts> facts = implementation_->toolstack().Look(guest->domid);
  if (!facts.ok()) return Failed(facts.status());
  tuning->set_current_memory_kib(facts->memory_kib);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<drivers::Console>> XenDriver::OpenConsole(const DomainKey& domain,
                                                                         const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  absl::StatusOr<Guest> guest = implementation_->FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  if (options.console != 0) {
    return Error(v1::REASON_CONSOLE_NOT_FOUND, absl::StrCat("there is no console ", options.console));
  }
  absl::StatusOr<std::string> path = implementation_->toolstack().ConsolePath(guest->domid);
  if (!path.ok()) return Failed(path.status());
  return guest->console->Attach(*path, options, std::move(reader));
}

}  // namespace reeve::xen
