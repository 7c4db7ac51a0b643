// The driver on a fake of Xen: every ending, recovery, and what fails.
#include "drivers/xen/xen_driver.h"

#include <sched.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "drivers/xen/still_note.h"
#include "drivers/xen/test_host.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

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
    const bool crash = GENERATE(true, false);
    spec.mutable_lifecycle_actions()->set_on_crash("preserve");
    spec.mutable_lifecycle_actions()->set_on_poweroff("preserve");
    const uint32_t domid = host.Start(spec);
    host.xen.Stop(domid, crash ? StopReason::kCrash : StopReason::kPowerOff);
    CHECK(host.recorder.Next() == (crash ? "web1 is DOMAIN_STATE_CRASHED as 1" : "web1 is DOMAIN_STATE_SHUTDOWN as 1"));
    host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
    CHECK(host.recorder.Next() == "other found as 2 kernel /boot/of-2");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0, 1, 2});
    CHECK(host.driver->Destroy(host.key).ok());
  }
}

TEST_CASE("A guest that starts another kernel goes on as the same domain, or ends with the reason") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  SECTION("it goes on, and its next stop is seen") {
    host.xen.Stop(domid, StopReason::kSoftReset);
    // The second of two is looked at when the stop is handled.
    for (const char* uid : {"11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}) {
      host.xen.CreateBehind("marker", uid);
      CHECK_THAT(host.recorder.Next(), Catch::Contains("marker found"));
    }
    CHECK(host.xen.domain(domid).facts.paused == false);
    host.xen.Stop(domid, StopReason::kPowerOff);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_SHUTDOWN EVENT_CAUSE_GUEST");
    const std::vector<std::string> calls = host.xen.calls();
    CHECK(std::count(calls.begin(), calls.end(), "SoftReset") == 1);
    CHECK(std::count(calls.begin(), calls.end(), "Watch") == 4);  // each marker has one
  }
  SECTION("a step fails") {
    host.xen.Fail(GENERATE("ConfigOf", "SoftReset", "Watch", "Unpause"), absl::InternalError("injected"));
    host.xen.Stop(domid, StopReason::kSoftReset);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_FAILED EVENT_CAUSE_DAEMON");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
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
  SECTION("the same guest, told of as new while recovery looks") {
    host.Restart();
    const auto looks = [&] {
      const std::vector<std::string> calls = host.xen.calls();
      return std::count(calls.begin(), calls.end(), "List");
    };
    host.xen.During("List", [&] {
      const auto before = looks();
      host.xen.LookAgain();
      // Were the monitor to take the guest now, recovery would not find it. It must not; so this is no wait for
      // anything.
      for (int i = 0; i < 1000 && looks() == before; ++i) sched_yield();
    });
    auto recovered = host.driver->Recover({{host.key, spec}}, &host.recorder);
    REQUIRE(recovered.size() == 2);
    REQUIRE(recovered[1].running.has_value());
    CHECK(recovered[1].running->id == domid);
    host.driver.reset();  // what the monitor was told is handled
    CHECK(host.recorder.unread() == 0);
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
  SECTION("a save that was cut off before the guest had stopped is given up when it does") {
    const bool managed = GENERATE(true, false);
    const std::filesystem::path file = host.directory / "save" / absl::StrCat(kUid, ".unfinished");
    if (managed) {
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << "half";
    } else {
      FakeToolstack toolstack(&host.xen, host.library);
      REQUIRE(WriteStillNote(toolstack, domid, StillReason::kSending).ok());
    }
    host.Restart();
    REQUIRE(host.driver->Recover({{host.key, spec}}, &host.recorder)[1].running.has_value());
    host.xen.Stop(domid, StopReason::kSuspend);
    host.driver.reset();  // what the monitor was told is handled
    const std::vector<std::string> calls = host.xen.calls();
    CHECK(std::count(calls.begin(), calls.end(), "Resume") == 1);
    CHECK_FALSE(std::filesystem::exists(file));
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
  for (const char* call : {"Host", "MemoryNeeded", "FreeMemory", "Create", "StoreNote", "Watch", "Unpause"}) {
    INFO(call);
    host.xen.Fail(call, absl::InternalError("injected"));
    const absl::Status status = host.driver->Start(host.key, host.Spec(), false).status();
    CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
    CHECK_THAT(std::string(status.message()), Catch::Contains("injected"));
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
  CHECK(host.driver->Start(host.key, host.Spec(), false).ok());
}

TEST_CASE("Domain-0 gives the memory that a guest lacks, where it may be asked") {
  Host host;
  const auto shrinks = [&host] {
    const std::vector<std::string> calls = host.xen.calls();
    return std::count(calls.begin(), calls.end(), "ShrinkHost");
  };
  SECTION("there is enough") {
    host.xen.SetHostMemory(65536, 65536, "console=com1");
    CHECK(host.driver->Start(host.key, host.Spec(), false).ok());
    CHECK(shrinks() == 0);
  }
  SECTION("it gives all, or bit by bit") {
    host.xen.SetHostMemory(1024, GENERATE(65536, 32768), "console=com1");
    CHECK(host.driver->Start(host.key, host.Spec(), false).ok());
    CHECK(shrinks() >= 1);
  }
  SECTION("it does not give enough") {
    host.xen.SetHostMemory(1024, 1024, "console=com1");
    const absl::Status status = host.driver->Start(host.key, host.Spec(), false).status();
    CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
    CHECK_THAT(std::string(status.message()), Catch::Contains("65536 KiB, 4096 KiB are free"));
    CHECK(shrinks() == 3);
  }
  SECTION("it cannot be asked") {
    host.xen.SetHostMemory(65536 - 1024, 1024, "console=com1");
    host.xen.Fail("ShrinkHost", absl::InternalError("injected"));
    CHECK(ReasonOf(host.driver->Start(host.key, host.Spec(), false).status()) == v1::REASON_START_FAILED);
  }
  SECTION("its memory is fixed: the hypervisor says what is lacking") {
    host.xen.SetHostMemory(1024, 65536, "console=com1 dom0_mem=704M,max:704M");
    CHECK(host.driver->Start(host.key, host.Spec(), false).ok());
    CHECK(shrinks() == 0);
  }
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
