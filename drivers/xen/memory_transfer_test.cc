// Guests of Xen whose memory goes out and comes in, on the fake: with failures of each step, and ends of the daemon.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "drivers/xen/fake_toolstack.h"
#include "drivers/xen/xen_driver.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::xen {
namespace {

constexpr char kUid[] = "8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b";

class Deaf final : public drivers::GuestObserver {
 public:
  void OnExit(const drivers::DomainKey&, const drivers::GuestExit&) override { ++exits; }
  void OnReboot(const drivers::DomainKey&, const drivers::RunningGuest&, bool) override {}
  std::atomic<int> exits{0};
};

class SetProgress final : public drivers::Progress {
 public:
  void Report(absl::string_view, uint32_t) override {}
  bool Cancelled() const override { return cancelled; }
  bool cancelled = false;
};

struct Host {
  Host() {
    auto loaded = LibxlLibrary::Load();
    REQUIRE(loaded.ok());
    library = *loaded;
    directory = std::filesystem::temp_directory_path() / absl::StrCat("reeve-xen-memory-", getpid());
    spec.set_memory_kib(65536);
    spec.set_vcpus(2);
    spec.mutable_os()->set_type("linux");
    spec.mutable_os()->set_kernel("/boot/vmlinuz");
    Open();
    driver->Recover({}, &observer);
    domid = Start();
  }
  ~Host() {
    driver.reset();
    std::filesystem::remove_all(directory);
  }
  void Open() {
    driver.reset();
    XenDriverOptions options{.state_directory = directory.string(), .library = library};
    options.toolstack = std::make_unique<FakeToolstack>(&xen, library);
    driver = std::make_unique<XenDriver>(std::move(options));
  }
  // The daemon ends and comes back.
  drivers::RecoveredDomain Restart() {
    Open();
    auto recovered = driver->Recover({{key, spec}}, &observer);
    REQUIRE(recovered.size() == 2);  // Domain-0 is the first
    return recovered[1];
  }
  uint32_t Start() {
    auto guest = driver->Start(key, spec, false);
    REQUIRE(guest.ok());
    return static_cast<uint32_t>(guest->id);
  }
  absl::Status Send() { return driver->SendMemory(key, fd(), false, &progress); }
  int fd() const { return fileno(file.get()); }
  void Rewind() const { REQUIRE(lseek(fd(), 0, SEEK_SET) == 0); }
  bool stopped() const { return xen.domain(domid).facts.stopped; }

  FakeXen xen;
  std::shared_ptr<const LibxlLibrary> library;
  std::filesystem::path directory;
  v1::DomainSpec spec;
  Deaf observer;
  SetProgress progress;
  std::unique_ptr<FILE, int (*)(FILE*)> file{tmpfile(), fclose};
  std::unique_ptr<XenDriver> driver;
  const drivers::DomainKey key{.name = "web1", .uid = kUid, .run = 3};
  uint32_t domid = 0;
};

TEST_CASE("A guest that is sent stands still until it is said what becomes of it") {
  Host host;
  REQUIRE(host.Send().ok());
  CHECK(host.stopped());
  SECTION("it runs on") {
    REQUIRE(host.driver->EndSending(host.key, false).ok());
    CHECK_FALSE(host.stopped());
    CHECK(host.driver->CanSendMemory(host.key).ok());
  }
  SECTION("it goes, and comes back from what was written") {
    REQUIRE(host.driver->EndSending(host.key, true).ok());
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
    host.Rewind();
    auto guest = host.driver->StartFromMemory(host.key, host.spec, host.fd(), &host.progress);
    REQUIRE(guest.ok());
    CHECK(guest->paused);
    CHECK(host.xen.domain(static_cast<uint32_t>(guest->id)).facts.paused);
    REQUIRE(host.driver->Confirm(host.key, false).ok());
    CHECK_FALSE(host.xen.domain(static_cast<uint32_t>(guest->id)).facts.paused);
  }
  CHECK(host.observer.exits == 0);
}

TEST_CASE("A sending that fails or is given up leaves the guest running") {
  Host host;
  SECTION("given up") {
    host.progress.cancelled = true;
    CHECK(ReasonOf(host.Send()) == v1::REASON_OPERATION_CANCELLED);
    host.progress.cancelled = false;
  }
  SECTION("failed before it stopped") {
    host.xen.Fail("Save", absl::InternalError("it does not listen"));
    CHECK(ReasonOf(host.Send()) == v1::REASON_DRIVER_FAILED);
  }
  SECTION("the note failed") {
    host.xen.Fail("StoreNote", absl::InternalError("disk full"));
    CHECK(ReasonOf(host.Send()) == v1::REASON_DRIVER_FAILED);
  }
  CHECK_FALSE(host.stopped());
  REQUIRE(host.Send().ok());
  host.xen.Fail("Destroy", absl::InternalError("busy"));
  CHECK(ReasonOf(host.driver->EndSending(host.key, true)) == v1::REASON_DRIVER_FAILED);
  CHECK(host.driver->Destroy(host.key).ok());
}

TEST_CASE("A guest that is suspended or asleep is not sent") {
  Host host;
  REQUIRE(host.driver->Suspend(host.key).ok());
  CHECK(ReasonOf(host.Send()) == v1::REASON_DOMAIN_STATE);
  CHECK(ReasonOf(host.driver->Save(host.key, &host.progress)) == v1::REASON_DOMAIN_STATE);
  REQUIRE(host.driver->Resume(host.key).ok());
  REQUIRE(host.driver->Sleep(host.key, v1::SLEEP_TARGET_MEMORY).ok());
  CHECK(ReasonOf(host.Send()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(host.driver->Wake(host.key).ok());
  CHECK(host.Send().ok());
}

TEST_CASE("A start from memory that fails at any step leaves nothing") {
  Host host;
  REQUIRE(host.Send().ok());
  REQUIRE(host.driver->EndSending(host.key, true).ok());
  for (const char* call : {"Restore", "StoreNote", "Watch"}) {
    INFO(call);
    host.Rewind();
    host.xen.Fail(call, absl::InternalError("injected"));
    auto guest = host.driver->StartFromMemory(host.key, host.spec, host.fd(), &host.progress);
    CHECK(ReasonOf(guest.status()) == v1::REASON_START_FAILED);
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
  // At the end of the file there is no stream.
  CHECK_FALSE(host.driver->StartFromMemory(host.key, host.spec, host.fd(), &host.progress).ok());
  host.Rewind();
  CHECK(host.driver->StartFromMemory(host.key, host.spec, host.fd(), &host.progress).ok());
}

TEST_CASE("What a daemon that comes back does with a guest that stands still") {
  Host host;
  SECTION("its memory was being written: it runs on") {
    REQUIRE(host.Send().ok());
    CHECK_FALSE(host.Restart().running->paused);
    CHECK_FALSE(host.stopped());
    CHECK(host.Send().ok());
  }
  SECTION("another host may run it: it stays, and resume lets it run on") {
    REQUIRE(host.Send().ok());
    REQUIRE(host.driver->KeepStill(host.key).ok());
    CHECK(host.Restart().running->paused);
    CHECK(host.stopped());
    CHECK(ReasonOf(host.Send()) == v1::REASON_DOMAIN_STATE);
    REQUIRE(host.driver->Resume(host.key).ok());
    CHECK_FALSE(host.stopped());
    CHECK_FALSE(host.Restart().running->paused);
  }
  SECTION("it came in and nobody was told: it goes") {
    REQUIRE(host.Send().ok());
    REQUIRE(host.driver->EndSending(host.key, true).ok());
    host.Rewind();
    REQUIRE(host.driver->StartFromMemory(host.key, host.spec, host.fd(), &host.progress).ok());
    SECTION("it was not confirmed") {
      host.Open();
      CHECK(host.driver->Recover({}, &host.observer).size() == 1);
      CHECK(host.xen.domids() == std::vector<uint32_t>{0});
    }
    SECTION("it was, and stays suspended") {
      REQUIRE(host.driver->Confirm(host.key, true).ok());
      CHECK(host.Restart().running->paused);
    }
  }
  SECTION("it sleeps: it sleeps on") {
    REQUIRE(host.driver->Sleep(host.key, v1::SLEEP_TARGET_MEMORY).ok());
    CHECK(host.Restart().running->asleep);
    CHECK(host.stopped());
    REQUIRE(host.driver->Wake(host.key).ok());
    CHECK_FALSE(host.stopped());
    CHECK_FALSE(host.Restart().running->asleep);
  }
  CHECK(host.observer.exits == 0);
}

TEST_CASE("A guest that does not fall asleep runs on") {
  Host host;
  CHECK(ReasonOf(host.driver->Sleep(host.key, v1::SLEEP_TARGET_DISK)) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK(ReasonOf(host.driver->Wake(host.key)) == v1::REASON_DOMAIN_STATE);
  host.xen.Fail("Sleep", absl::DeadlineExceededError("no answer"));
  CHECK(ReasonOf(host.driver->Sleep(host.key, v1::SLEEP_TARGET_MEMORY)) == v1::REASON_GUEST_CANNOT);
  CHECK(host.driver->Suspend(host.key).ok());
}

TEST_CASE("A core is written, of a guest that is suspended meanwhile unless it is live") {
  Host host;
  const auto core = [&](bool live) {
    REQUIRE(ftruncate(host.fd(), 0) == 0);
    REQUIRE(host.driver->DumpCore(host.key, host.fd(), live, &host.progress).ok());
    host.Rewind();
    return *util::ReadUpTo(host.fd(), 100);
  };
  CHECK(core(false) == "core of a paused guest");
  CHECK_FALSE(host.xen.domain(host.domid).facts.paused);
  CHECK(core(true) == "core");
  host.xen.Fail("DumpCore", absl::InternalError("disk full"));
  CHECK(ReasonOf(host.driver->DumpCore(host.key, host.fd(), false, &host.progress)) == v1::REASON_DRIVER_FAILED);
  CHECK_FALSE(host.xen.domain(host.domid).facts.paused);
  CHECK(host.driver->Suspend(host.key).ok());
  CHECK(core(false) == "core of a paused guest");
  CHECK(host.xen.domain(host.domid).facts.paused);
}

TEST_CASE("Virtual CPUs are told of and set while the guest runs") {
  Host host;
  const auto list = host.driver->ListVcpus(host.key);
  REQUIRE(list.ok());
  REQUIRE(list->vcpus_size() == 2);
  CHECK(list->vcpus(0).online());
  CHECK(list->vcpus(0).running());
  CHECK(list->vcpus(0).host_cpu() == 1);
  CHECK(list->vcpus(0).cpuset().empty());
  CHECK_FALSE(list->vcpus(1).online());
  CHECK(list->vcpus(1).cpuset() == "0-1");
  v1::DomainSpec after = host.spec;
  after.mutable_cpu_placement()->set_current(1);
  after.mutable_cpu_placement()->set_cpuset("0");
  REQUIRE(host.driver->Tune(host.key, host.spec, after).ok());
  CHECK(host.xen.domain(host.domid).facts.vcpus_online == 1);
  CHECK(host.xen.domain(host.domid).pins.at(0) == std::set<uint32_t>{0});
  CHECK(host.xen.domain(host.domid).pins.at(1) == std::set<uint32_t>{0});
  host.xen.Fail("SetOnlineVcpus", absl::InternalError("injected"));
  CHECK_FALSE(host.driver->Tune(host.key, after, host.spec).ok());
  REQUIRE(host.driver->Tune(host.key, after, host.spec).ok());
  CHECK(host.xen.domain(host.domid).facts.vcpus_online == 2);
  CHECK(host.xen.domain(host.domid).pins.at(1).size() == 1024);
}

TEST_CASE("A managed save can be removed") {
  Host host;
  REQUIRE(host.driver->Save(host.key, &host.progress).ok());
  REQUIRE(host.driver->RemoveSaved(host.key).ok());
  CHECK(std::filesystem::is_empty(host.directory / "save"));
  host.Start();
  const std::vector<std::string> calls = host.xen.calls();
  CHECK(std::count(calls.begin(), calls.end(), "Restore") == 0);
}

}  // namespace
}  // namespace reeve::xen
