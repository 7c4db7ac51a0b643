// A host for tests of the driver: a fake of Xen, a driver on it, and what the driver reports.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "drivers/xen/fake_toolstack.h"
#include "drivers/xen/xen_driver.h"

namespace reeve::xen {

inline constexpr char kUid[] = "c7a5fdb2-cdaf-9455-926a-d65c16db1809";

// What the manager would be told.
class Recorder final : public drivers::GuestObserver {
 public:
  void OnExit(const drivers::DomainKey& domain, const drivers::GuestExit& exit) override {
    Add(absl::StrCat(domain.name, " ", v1::EventDetail_Name(exit.detail), " ", v1::EventCause_Name(exit.cause)));
  }
  void OnReboot(const drivers::DomainKey& domain, const drivers::RunningGuest& guest, bool requested) override {
    Add(absl::StrCat(domain.name, " rebooted as ", guest.id, requested ? " as asked" : ""));
  }
  void OnFound(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
               const drivers::RunningGuest& guest) override {
    Add(absl::StrCat(domain.name, " found as ", guest.id, guest.paused ? " paused" : "", " kernel ",
                     spec.os().kernel()));
  }
  void OnState(const drivers::DomainKey& domain, const drivers::RunningGuest& guest) override {
    std::string state = guest.paused ? "is paused" : "runs";
    if (guest.kept != v1::DOMAIN_STATE_UNSPECIFIED) state = absl::StrCat("is ", v1::DomainState_Name(guest.kept));
    Add(absl::StrCat(domain.name, " ", state, " as ", guest.id));
  }
  // Waits for the next report.
  std::string Next() {
    absl::MutexLock lock(&mutex_);
    const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return next_ < reports_.size(); };
    mutex_.Await(absl::Condition(&ready));
    return reports_[next_++];
  }
  size_t unread() {
    absl::MutexLock lock(&mutex_);
    return reports_.size() - next_;
  }

 private:
  void Add(std::string report) {
    absl::MutexLock lock(&mutex_);
    reports_.push_back(std::move(report));
  }
  absl::Mutex mutex_;
  std::vector<std::string> reports_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
};

class NoProgress final : public drivers::Progress {
 public:
  explicit NoProgress(bool cancelled = false) : cancelled_(cancelled) {}
  void Report(absl::string_view, uint32_t) override {}
  bool Cancelled() const override { return cancelled_; }

 private:
  const bool cancelled_;
};

struct Host {
  Host() {
    auto loaded = LibxlLibrary::Load();
    REQUIRE(loaded.ok());
    library = *loaded;
    directory = std::filesystem::temp_directory_path() /
                absl::StrCat("reeve-xen-test-", getpid(), "-", reinterpret_cast<uintptr_t>(this));
    Restart();
    driver->Recover({}, &recorder);
  }
  ~Host() {
    driver.reset();
    std::filesystem::remove_all(directory);
  }
  // The daemon ends and comes back.
  void Restart() {
    driver.reset();
    XenDriverOptions options{
        .state_directory = directory.string(), .sysfs = sysfs, .patience = patience, .library = library};
    options.toolstack = std::make_unique<FakeToolstack>(&xen, library);
    driver = std::make_unique<XenDriver>(std::move(options));
  }
  v1::DomainSpec Spec() const {
    v1::DomainSpec spec;
    spec.set_memory_kib(65536);
    spec.set_vcpus(1);
    spec.mutable_os()->set_type("linux");
    spec.mutable_os()->set_kernel("/boot/vmlinuz");
    return spec;
  }
  uint32_t Start(const v1::DomainSpec& spec, bool paused = false) {
    auto guest = driver->Start(key, spec, paused);
    REQUIRE(guest.ok());
    return static_cast<uint32_t>(guest->id);
  }

  FakeXen xen;
  std::shared_ptr<const LibxlLibrary> library;
  std::filesystem::path directory;
  std::string sysfs = "/sys";
  absl::Duration patience = absl::Seconds(20);
  Recorder recorder;
  std::unique_ptr<XenDriver> driver;
  const drivers::DomainKey key{.name = "web1", .uid = kUid, .run = 3};
};

}  // namespace reeve::xen
