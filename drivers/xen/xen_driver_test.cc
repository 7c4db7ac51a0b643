// The driver on a fake of Xen: every ending, what others do behind its back, and what fails.
#include "drivers/xen/xen_driver.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "drivers/xen/fake_toolstack.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

constexpr char kUid[] = "c7a5fdb2-cdaf-9455-926a-d65c16db1809";

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
    XenDriverOptions options{.state_directory = directory.string(), .library = library};
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
  Recorder recorder;
  std::unique_ptr<XenDriver> driver;
  const drivers::DomainKey key{.name = "web1", .uid = kUid, .run = 3};
};

TEST_CASE("A guest starts, is paused and resumed, and is destroyed") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  CHECK(host.driver->Suspend(host.key).ok());
  CHECK(host.driver->Resume(host.key).ok());
  auto sample = host.driver->Sample(host.key);
  auto samples = host.driver->SampleMany({host.key, {.name = "none", .uid = "none"}}, drivers::AllStatistics());
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].ok());
  CHECK(ReasonOf(samples[1].status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(sample.ok());
  CHECK(sample->memory_bytes() == 65536 * 1024);
  auto exit = host.driver->Destroy(host.key);
  REQUIRE(exit.ok());
  CHECK(exit->detail == v1::EVENT_DETAIL_STOPPED_DESTROYED);
  CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  CHECK(ReasonOf(host.driver->Suspend(host.key)) == v1::REASON_DOMAIN_STATE);
  CHECK(domid == 1);
}

TEST_CASE("How a guest ends follows from its lifecycle actions") {
  Host host;
  v1::DomainSpec spec = host.Spec();
  const uint32_t first = host.Start(spec);

  SECTION("powered off") {
    host.xen.Stop(first, StopReason::kPowerOff);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_SHUTDOWN EVENT_CAUSE_GUEST");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
  SECTION("crashed") {
    host.xen.Stop(first, StopReason::kCrash);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_CRASHED EVENT_CAUSE_CRASH");
  }
  SECTION("restarted by itself") {
    host.xen.Stop(first, StopReason::kReboot);
    CHECK(host.recorder.Next() == "web1 rebooted as 2");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0, 2});
  }
  SECTION("restarted as asked") {
    CHECK(host.driver->Reboot(host.key, {}).ok());
    host.xen.Stop(first, StopReason::kReboot);
    CHECK(host.recorder.Next() == "web1 rebooted as 2 as asked");
  }
  SECTION("a restart that fails is an end with the reason") {
    host.xen.Fail("Create", absl::ResourceExhaustedError("no memory"));
    host.xen.Stop(first, StopReason::kReboot);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_FAILED EVENT_CAUSE_DAEMON");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
}

TEST_CASE("A crash is dumped, or preserved, where the definition says so") {
  Host host;
  v1::DomainSpec spec = host.Spec();
  SECTION("dumped and restarted") {
    spec.mutable_lifecycle_actions()->set_on_crash("coredump-restart");
    host.xen.Stop(host.Start(spec), StopReason::kCrash);
    CHECK(host.recorder.Next() == "web1 rebooted as 2");
    const std::vector<std::string> calls = host.xen.calls();
    CHECK(std::count(calls.begin(), calls.end(), "DumpCore") == 1);
  }
  SECTION("preserved until it is destroyed") {
    spec.mutable_lifecycle_actions()->set_on_crash("preserve");
    const uint32_t domid = host.Start(spec);
    host.xen.Stop(domid, StopReason::kCrash);
    host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
    CHECK(host.recorder.Next() == "other found as 2 kernel /boot/of-2");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0, 1, 2});
    CHECK(host.driver->Destroy(host.key).ok());
  }
}

TEST_CASE("What others do is told as it happens") {
  Host host;
  const uint32_t other = host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == "other found as 1 kernel /boot/of-1");
  host.xen.PauseBehind(other, true);
  CHECK(host.recorder.Next() == "other found as 1 paused kernel /boot/of-1");
  host.xen.DestroyBehind(other);
  CHECK(host.recorder.Next() == "other EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");

  const uint32_t own = host.Start(host.Spec());
  host.xen.DestroyBehind(own);
  CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
  CHECK(host.recorder.unread() == 0);
}

// A list of the hypervisor's is old when it is read: each case puts something between the two.
TEST_CASE("What happens while the hypervisor lists its domains is told once, and rightly") {
  Host host;
  // Two domains that come one after the other: the second is reported when the look at the first is over.
  const auto nothing_else_is_told = [&host] {
    host.xen.LookAgain();
    for (const char* uid : {"11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}) {
      const uint32_t marker = host.xen.CreateBehind("marker", uid);
      CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
    }
    CHECK(host.recorder.unread() == 0);
  };

  SECTION("a restart that begins with a look") {
    const uint32_t domid = host.Start(host.Spec());
    host.xen.StopUnheard(domid, StopReason::kReboot);
    host.xen.LookAgain();
    CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
    nothing_else_is_told();
  }
  SECTION("a stop that is seen by a look and told by an event") {
    const uint32_t domid = host.Start(host.Spec());
    host.xen.During("List", [&] { host.xen.Stop(domid, StopReason::kReboot); });
    host.xen.StopUnheard(domid, StopReason::kReboot);
    host.xen.LookAgain();
    CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
    nothing_else_is_told();
  }
  SECTION("a start") {
    host.xen.During("List", [&] { host.Start(host.Spec()); });
    nothing_else_is_told();
  }
  SECTION("an end and another start") {
    host.Start(host.Spec());
    host.xen.During("List", [&] {
      CHECK(host.driver->Destroy(host.key).ok());
      host.Start(host.Spec());
    });
    nothing_else_is_told();
  }
  SECTION("an end") {
    host.Start(host.Spec());
    host.xen.During("List", [&] { CHECK(host.driver->Destroy(host.key).ok()); });
    nothing_else_is_told();
    CHECK(ReasonOf(host.driver->Destroy(host.key).status()) == v1::REASON_DOMAIN_STATE);
  }
  SECTION("a pause of ours") {
    host.Start(host.Spec());
    host.xen.During("List", [&] { CHECK(host.driver->Suspend(host.key).ok()); });
    nothing_else_is_told();
  }
  SECTION("a domain of another that is gone again") {
    const uint32_t other = host.xen.CreateBehind("other", "31111111-2222-4333-8444-555555555555");
    CHECK(host.recorder.Next() == absl::StrCat("other found as ", other, " kernel /boot/of-", other));
    host.xen.DestroyBehind(other);
    CHECK(host.recorder.Next() == "other EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
    nothing_else_is_told();
  }
}

TEST_CASE("That a guest is paused while it is destroyed is nothing to tell") {
  Host host;
  host.Start(host.Spec());
  host.xen.During("Destroying", [&] {
    for (const char* uid : {"11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}) {
      const uint32_t marker = host.xen.CreateBehind("marker", uid);
      CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
    }
  });
  CHECK(host.driver->Destroy(host.key).ok());
  CHECK(host.recorder.unread() == 0);
}

TEST_CASE("A guest that is being made anew cannot be ended, and its new machine is not forgotten") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  host.xen.During("Create",
                  [&] { CHECK(ReasonOf(host.driver->Destroy(host.key).status()) == v1::REASON_DOMAIN_BUSY); });
  host.xen.Stop(domid, StopReason::kReboot);
  CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
  CHECK(host.driver->Destroy(host.key).ok());
  CHECK(host.xen.domids() == std::vector<uint32_t>{0});
}

TEST_CASE("A second domain with the UUID of a known one is not taken for it") {
  Host host;
  host.Start(host.Spec());
  const uint32_t twin = host.xen.CreateBehind("twin", kUid);
  const uint32_t marker = host.xen.CreateBehind("marker", "11111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
  CHECK(host.recorder.unread() == 0);
  CHECK(host.driver->Destroy(host.key).ok());
  host.xen.LookAgain();
  CHECK(host.recorder.Next() == absl::StrCat("twin found as ", twin, " kernel /boot/of-", twin));
}

TEST_CASE("A domain that another toolstack still works on is told of when it is ready") {
  Host host;
  const uint32_t other = host.xen.BeginBehind("other", "11111111-2222-4333-8444-555555555555");
  const uint32_t second = host.xen.CreateBehind("second", "21111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == absl::StrCat("second found as ", second, " kernel /boot/of-", second));
  CHECK(host.recorder.unread() == 0);
  host.xen.FinishBehind(other);
  CHECK(host.recorder.Next() == absl::StrCat("other found as ", other, " kernel /boot/of-", other));
}

TEST_CASE("A guest that another toolstack saves is left to it") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  host.xen.Stop(domid, StopReason::kSuspend);
  CHECK(host.xen.domids() == std::vector<uint32_t>{0, domid});
  host.xen.DestroyBehind(domid);
  CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
  const std::vector<std::string> calls = host.xen.calls();
  CHECK(std::count(calls.begin(), calls.end(), "Destroy") == 0);
}

TEST_CASE("Domain-0 is left alone") {
  Host host;
  host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
  host.recorder.Next();
  const drivers::DomainKey zero{.name = "Domain-0", .uid = "00000000-0000-0000-0000-000000000000", .run = 0};
  CHECK(ReasonOf(host.driver->Destroy(zero).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK(ReasonOf(host.driver->Suspend(zero)) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK(host.driver->Sample(zero).ok());
}

TEST_CASE("A daemon that comes back finds what runs, and handles what ended meanwhile") {
  Host host;
  const v1::DomainSpec spec = host.Spec();
  const uint32_t domid = host.Start(spec);
  host.driver.reset();

  SECTION("the same guest") {
    host.Restart();
    auto recovered = host.driver->Recover({{host.key, spec}}, &host.recorder);
    REQUIRE(recovered.size() == 2);  // Domain-0 first
    CHECK(recovered[1].key.run == 3);
    REQUIRE(recovered[1].running.has_value());
    CHECK(recovered[1].running->id == domid);
  }
  SECTION("a guest that the store lost comes back with its own note") {
    host.Restart();
    auto recovered = host.driver->Recover({}, &host.recorder);
    REQUIRE(recovered.size() == 2);
    CHECK(recovered[1].key.name == "web1");
    CHECK(recovered[1].key.run == 3);
    CHECK(recovered[1].spec.os().kernel() == "/boot/vmlinuz");
  }
  SECTION("a restart that waits is done") {
    host.xen.Stop(domid, StopReason::kReboot);
    host.Restart();
    auto recovered = host.driver->Recover({{host.key, spec}}, &host.recorder);
    CHECK(recovered[1].running.has_value());
    CHECK(host.recorder.Next() == "web1 rebooted as 2");
  }
  SECTION("a save that was cut off is given up, and the guest goes on") {
    host.xen.Stop(domid, StopReason::kSuspend);
    std::filesystem::create_directories(host.directory / "save");
    const std::filesystem::path file = host.directory / "save" / absl::StrCat(kUid, GENERATE("", ".unfinished"));
    std::ofstream(file) << "half";
    host.Restart();
    auto recovered = host.driver->Recover({{host.key, spec}}, &host.recorder);
    REQUIRE(recovered[1].running.has_value());
    CHECK_FALSE(std::filesystem::exists(file));
    const std::vector<std::string> calls = host.xen.calls();
    CHECK(std::count(calls.begin(), calls.end(), "Resume") == 1);
  }
  SECTION("one that is gone has ended") {
    host.xen.DestroyBehind(domid);
    host.Restart();
    auto recovered = host.driver->Recover({{host.key, spec}}, &host.recorder);
    REQUIRE(recovered.size() == 2);
    REQUIRE(recovered[1].ended.has_value());
    CHECK(recovered[1].ended->detail == v1::EVENT_DETAIL_STOPPED_VANISHED);
  }
}

TEST_CASE("A saved guest is restored by its next start, once") {
  Host host;
  host.Start(host.Spec());
  NoProgress progress;
  REQUIRE(host.driver->Save(host.key, &progress).ok());
  CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  CHECK(std::filesystem::exists(host.directory / "save" / kUid));
  CHECK((std::filesystem::status(host.directory / "save" / kUid).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0600));
  host.Start(host.Spec());
  CHECK_FALSE(std::filesystem::exists(host.directory / "save" / kUid));
  const std::vector<std::string> calls = host.xen.calls();
  CHECK(std::count(calls.begin(), calls.end(), "Restore") == 1);
}

TEST_CASE("A save that fails or is given up leaves the guest running and no file") {
  Host host;
  host.Start(host.Spec());
  SECTION("given up") {
    NoProgress cancelled(true);
    CHECK(ReasonOf(host.driver->Save(host.key, &cancelled)) == v1::REASON_OPERATION_CANCELLED);
  }
  SECTION("failed") {
    host.xen.Fail("Save", absl::InternalError("the guest does not suspend"));
    NoProgress progress;
    CHECK(ReasonOf(host.driver->Save(host.key, &progress)) == v1::REASON_DRIVER_FAILED);
  }
  CHECK(host.xen.domids() == std::vector<uint32_t>{0, 1});
  CHECK(std::filesystem::is_empty(host.directory / "save"));
  CHECK(host.driver->Suspend(host.key).ok());
}

TEST_CASE("A start that fails at any step leaves nothing") {
  Host host;
  for (const char* call : {"Create", "StoreNote", "Watch", "Unpause"}) {
    INFO(call);
    host.xen.Fail(call, absl::InternalError("injected"));
    const absl::Status status = host.driver->Start(host.key, host.Spec(), false).status();
    CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
    CHECK_THAT(std::string(status.message()), Catch::Contains("injected"));
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
  CHECK(host.driver->Start(host.key, host.Spec(), false).ok());
}

TEST_CASE("A host without Xen says so and runs nothing") {
  XenDriverOptions options{.state_directory = "/nowhere"};
  options.unavailable = absl::FailedPreconditionError("this host does not run on Xen");
  XenDriver driver(std::move(options));
  CHECK_FALSE(driver.Describe().available());
  CHECK(driver.Describe().unavailable_reason() == "this host does not run on Xen");
  Recorder recorder;
  CHECK(driver.Recover({}, &recorder).empty());
  CHECK(ReasonOf(driver.Start({.name = "a", .uid = kUid, .run = 1}, {}, false).status()) ==
        v1::REASON_HYPERVISOR_UNAVAILABLE);
  CHECK(ReasonOf(driver.Validate({})) == v1::REASON_HYPERVISOR_UNAVAILABLE);
}

}  // namespace
}  // namespace reeve::xen
