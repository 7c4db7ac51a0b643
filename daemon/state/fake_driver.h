// A driver without guests, for tests of the manager.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/driver.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::state {

// Its "guests" are files of a directory, so that they survive the process that started them as real ones do; without a
// directory they live in memory. Calls for a domain hang while it is wedged. Thread-safe.
class FakeDriver final : public drivers::HypervisorDriver {
 public:
  explicit FakeDriver(std::string name = "test", std::string directory = "")
      : name_(std::move(name)), directory_(std::move(directory)) {}

  // Switches of the tests.
  void Wedge(const std::string& domain, bool on) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (on) {
      wedged_.insert(domain);
    } else {
      wedged_.erase(domain);
    }
    changed_.notify_all();
  }
  // Waits until so many calls hang.
  void AwaitWedged(int calls) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return hanging_ >= calls; });
  }
  void FailStart(const std::string& domain, absl::Status status) { SetFailure("start " + domain, std::move(status)); }
  // The call "destroy web1", "suspend web1" ... fails; OK: no longer.
  void SetFailure(const std::string& call, absl::Status status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failures_[call] = std::move(status);
  }
  void SetAvailable(bool available) { available_ = available; }
  // Called with "start web1" and "started web1" around the effect.
  std::function<void(const std::string&)> step;
  // What it tells; nothing: it cannot.
  std::optional<v1::HostCpu> processor;
  // What it was told that domains have, by uid.
  std::map<std::string, std::vector<v1::DomainSpec>> settled;

  // What guests do.
  void End(const std::string& domain, drivers::GuestExit exit) {
    drivers::DomainKey key = KeyOf(domain);
    Remove(key);
    observer()->OnExit(key, exit);
  }
  void Restart(const std::string& domain, bool requested) {
    const drivers::DomainKey key = KeyOf(domain);
    drivers::RunningGuest guest;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      guest = guests_[key.uid].second;
      guest.id += 1000;
      guests_[key.uid].second = guest;
    }
    observer()->OnReboot(key, guest, requested);
  }
  drivers::DomainKey KeyOf(const std::string& domain) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [uid, guest] : guests_) {
      if (guest.first.name == domain) return guest.first;
    }
    return {domain, "", 0};
  }
  drivers::GuestObserver* observer() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return observer_;
  }
  [[nodiscard]] bool Runs(const std::string& domain) const { return KeyOf(domain).run != 0; }
  [[nodiscard]] size_t guests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return guests_.size();
  }
  std::vector<drivers::KnownDomain> known;                  // given to Recover
  std::function<void(drivers::GuestObserver*)> on_recover;  // called in Recover
  void ForgetGuests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    guests_.clear();
  }
  // A guest nobody has started through this object.
  void AddGuest(const drivers::DomainKey& key, bool paused = false) {
    const std::lock_guard<std::mutex> lock(mutex_);
    guests_[key.uid] = {key, NewGuest(paused)};
  }
  void SetPaused(const std::string& domain, bool paused) {
    const drivers::DomainKey key = KeyOf(domain);
    const std::lock_guard<std::mutex> lock(mutex_);
    guests_[key.uid].second.paused = paused;
  }
  std::map<std::string, drivers::GuestExit> ended;  // by name: given by Recover

  // The driver.
  v1::Hypervisor Describe() const override {
    v1::Hypervisor hypervisor;
    hypervisor.set_name("hypervisors/" + name_);
    hypervisor.set_uri(name_ + ":///default");
    hypervisor.set_type("TEST");
    hypervisor.set_available(available_);
    if (!available_) hypervisor.set_unavailable_reason("the test says so");
    return hypervisor;
  }
  absl::StatusOr<v1::HostCpu> Processor() const override {
    return processor ? *processor : HypervisorDriver::Processor();
  }
  absl::StatusOr<std::string> Capabilities() const override { return "<capabilities/>"; }
  absl::Status Validate(const v1::DomainSpec& spec) const override {
    if (spec.os().type() != "unsupported") return absl::OkStatus();
    return Error(v1::REASON_SPEC_UNSUPPORTED, "os type unsupported");
  }
  absl::Status Complete(const drivers::DomainKey& domain, v1::DomainSpec* spec) override {
    if (spec->vcpus() == 0) spec->set_vcpus(1);
    const std::lock_guard<std::mutex> lock(mutex_);
    settled[domain.uid].push_back(*spec);
    return absl::OkStatus();
  }
  void Settle(const std::string& uid, const std::vector<v1::DomainSpec>& specs) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    settled[uid] = specs;
    if (specs.empty()) settled.erase(uid);
  }
  std::vector<drivers::RecoveredDomain> Recover(const std::vector<drivers::KnownDomain>& domains,
                                                drivers::GuestObserver* observer) override {
    std::vector<drivers::RecoveredDomain> found;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      known = domains;
      observer_ = observer;
      ReadDirectory();
      for (const auto& [uid, guest] : guests_) found.push_back({guest.first, guest.second, std::nullopt});
      for (const drivers::KnownDomain& domain : domains) {
        if (const auto end = ended.find(domain.key.name); end != ended.end()) {
          found.push_back({domain.key, std::nullopt, end->second});
        }
      }
    }
    if (on_recover) on_recover(observer);
    return found;
  }
  absl::Status Preflight(const drivers::DomainKey& domain, const v1::DomainSpec& /*spec*/) override {
    return FailureOf("preflight " + domain.name);
  }
  absl::StatusOr<drivers::RunningGuest> Start(const drivers::DomainKey& domain, const v1::DomainSpec& /*spec*/,
                                              bool paused) override {
    if (absl::Status status = Enter("start", domain); !status.ok()) return status;
    if (step) step("start " + domain.name);
    drivers::RunningGuest guest;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      guest = NewGuest(paused);
      guests_[domain.uid] = {domain, guest};
      if (!directory_.empty()) {
        std::ofstream(directory_ + "/" + domain.uid) << domain.name << "\n" << domain.run << "\n" << guest.id << "\n";
      }
    }
    if (step) step("started " + domain.name);
    return guest;
  }
  absl::Status Shutdown(const drivers::DomainKey& domain, const drivers::ShutdownModes&) override {
    return Enter("shutdown", domain);
  }
  absl::Status Reboot(const drivers::DomainKey& domain, const drivers::ShutdownModes&) override {
    return Enter("reboot", domain);
  }
  absl::StatusOr<drivers::GuestExit> Destroy(const drivers::DomainKey& domain) override {
    if (absl::Status status = Enter("destroy", domain); !status.ok()) return status;
    if (!Remove(domain)) return Error(v1::REASON_DOMAIN_STATE, "it has ended");
    if (step) step("destroyed " + domain.name);
    drivers::GuestExit exit;
    exit.reason = v1::DOMAIN_STATE_REASON_DESTROYED;
    exit.detail = v1::EVENT_DETAIL_STOPPED_DESTROYED;
    exit.status.set_signal(9);
    return exit;
  }
  absl::Status Suspend(const drivers::DomainKey& domain) override { return SetState("suspend", domain, true); }
  absl::Status Resume(const drivers::DomainKey& domain) override { return SetState("resume", domain, false); }
  absl::Status Save(const drivers::DomainKey& domain, drivers::Progress* progress) override {
    progress->Report("writing", 50);
    absl::Status status = Enter("save", domain);
    if (progress->Cancelled()) return Error(v1::REASON_OPERATION_CANCELLED, "cancelled while writing");
    if (status.ok()) Remove(domain);
    return status;
  }
  // Its memory is "memory"; the calls "send web1", "end web1", "restore web1", "dump web1" can be made to fail.
  absl::Status CanSendMemory(const drivers::DomainKey&) const override { return absl::OkStatus(); }
  absl::Status SendMemory(const drivers::DomainKey& domain, int descriptor, bool /*live*/,
                          drivers::Progress* progress) override {
    progress->Report("memory", 50);
    absl::Status status = util::WriteFully(descriptor, "memory");
    status.Update(Enter("send", domain));
    if (progress->Cancelled()) return Error(v1::REASON_OPERATION_CANCELLED, "cancelled while writing");
    return status;
  }
  absl::Status EndSending(const drivers::DomainKey& domain, bool gone) override {
    if (absl::Status status = Enter("end", domain); !status.ok()) return status;
    if (gone) Remove(domain);
    return absl::OkStatus();
  }
  absl::StatusOr<drivers::SavedImage> ReadImage(int descriptor) const override {
    return drivers::ReadImageHead(descriptor, name_);
  }
  absl::StatusOr<drivers::RunningGuest> StartFromMemory(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                                        int descriptor, drivers::Progress*) override {
    if (absl::Status status = Enter("restore", domain); !status.ok()) return status;
    absl::StatusOr<std::string> memory = util::ReadUpTo(descriptor, 100);
    if (!memory.ok() || *memory != "memory") return Error(v1::REASON_IMAGE_INVALID, "there is no memory");
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      restored = spec;
    }
    return Start(domain, spec, true);
  }
  absl::Status CanStartFromMemory() const override { return absl::OkStatus(); }
  absl::Status Confirm(const drivers::DomainKey& domain, bool paused) override {
    return paused ? Enter("confirm", domain) : SetState("confirm", domain, false);
  }
  absl::Status KeepStill(const drivers::DomainKey& domain) override { return Enter("keep", domain); }
  v1::DomainSpec restored;  // with which the last guest was restored
  absl::Status RemoveSaved(const drivers::DomainKey& domain) override { return Enter("remove", domain); }
  absl::Status DumpCore(const drivers::DomainKey& domain, int descriptor, bool live, drivers::Progress*) override {
    if (absl::Status status = Enter("dump", domain); !status.ok()) return status;
    return util::WriteFully(descriptor, live ? "live core" : "core");
  }
  absl::Status Sleep(const drivers::DomainKey& domain, v1::SleepTarget) override { return Enter("sleep", domain); }
  absl::Status Wake(const drivers::DomainKey& domain) override { return Enter("wake", domain); }
  absl::Status ChangeDevice(const drivers::DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                            const v1::DomainSpec& before, const v1::DomainSpec& after) override {
    if (absl::Status status = Enter("device", domain); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    device_changes.push_back({change, device, before, after});
    return absl::OkStatus();
  }
  absl::Status Tune(const drivers::DomainKey& domain, const v1::DomainSpec& before,
                    const v1::DomainSpec& after) override {
    if (absl::Status status = Enter("tune", domain); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    tunings.emplace_back(before, after);
    return absl::OkStatus();
  }
  // What was asked of it, in order.
  struct DeviceCall {
    drivers::DeviceChange change;
    v1::Devices device;
    v1::DomainSpec before, after;
  };
  std::vector<DeviceCall> device_changes;
  std::vector<std::pair<v1::DomainSpec, v1::DomainSpec>> tunings;
  absl::StatusOr<v1::DomainStatistics> Sample(const drivers::DomainKey& domain) const override {
    v1::DomainStatistics statistics;
    statistics.set_cpu_time_ns(domain.run * 1000);
    return statistics;
  }
  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const drivers::DomainKey& /*domain*/,
                                                                const drivers::ConsoleOptions& options,
                                                                drivers::ConsoleReader /*reader*/) override {
    if (options.console > 0) return Error(v1::REASON_CONSOLE_NOT_FOUND, "there is one console");
    return std::make_unique<SilentConsole>();
  }

 private:
  class SilentConsole final : public drivers::Console {
   public:
    absl::Status Write(absl::string_view /*bytes*/) override { return absl::OkStatus(); }
    absl::Status Resize(uint32_t /*columns*/, uint32_t /*rows*/) override { return absl::OkStatus(); }
    void SetReady(bool /*ready*/) override {}
  };

  drivers::RunningGuest NewGuest(bool paused) {
    return {.id = ++last_id_, .supervisor_pid = 0, .start_time = absl::FromUnixSeconds(1700000000), .paused = paused};
  }
  // Hangs while the domain is wedged; then the failure that was set for the call.
  absl::Status Enter(const std::string& call, const drivers::DomainKey& domain) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++hanging_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return wedged_.count(domain.name) == 0; });
    --hanging_;
    const auto failure = failures_.find(call + " " + domain.name);
    return failure == failures_.end() ? absl::OkStatus() : failure->second;
  }
  absl::Status FailureOf(const std::string& call) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto failure = failures_.find(call);
    return failure == failures_.end() ? absl::OkStatus() : failure->second;
  }
  absl::Status SetState(const std::string& call, const drivers::DomainKey& domain, bool paused) {
    if (absl::Status status = Enter(call, domain); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    guests_[domain.uid].second.paused = paused;
    return absl::OkStatus();
  }
  bool Remove(const drivers::DomainKey& domain) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!directory_.empty()) std::filesystem::remove(directory_ + "/" + domain.uid);
    return guests_.erase(domain.uid) > 0;
  }
  void ReadDirectory() {
    if (directory_.empty()) return;
    guests_.clear();
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
      drivers::DomainKey key;
      drivers::RunningGuest guest;
      key.uid = file.path().filename();
      std::ifstream in(file.path());
      std::getline(in, key.name);
      in >> key.run >> guest.id;
      guest.start_time = absl::FromUnixSeconds(1700000000);
      last_id_ = std::max(last_id_, guest.id);
      if (in) guests_[key.uid] = {key, guest};
    }
  }

  const std::string name_;
  const std::string directory_;
  std::atomic<bool> available_{true};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  drivers::GuestObserver* observer_ = nullptr;
  std::map<std::string, std::pair<drivers::DomainKey, drivers::RunningGuest>> guests_;  // by uid
  std::map<std::string, absl::Status> failures_;
  std::set<std::string> wedged_;
  int hanging_ = 0;
  int64_t last_id_ = 1000;
};

}  // namespace reeve::state
