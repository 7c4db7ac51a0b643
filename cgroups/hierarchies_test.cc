#include "cgroups/hierarchies.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "cgroups/test_hosts.h"

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;

std::string MountPoint(const Hierarchies& hierarchies, Controller controller) {
  const Placement& place = hierarchies.Find(controller);
  return place.hierarchy < 0 ? "missing" : hierarchies.all()[place.hierarchy].mount_point;
}

TEST_CASE("A hybrid host has each controller where it is bound, and freezes by v2") {
  const auto hierarchies = Hierarchies::Parse(test_hosts::Hybrid());
  REQUIRE(hierarchies.ok());
  CHECK(hierarchies->Mode() == "hybrid");
  CHECK(MountPoint(*hierarchies, Controller::kMemory) == "/sys/fs/cgroup/memory");
  CHECK(MountPoint(*hierarchies, Controller::kCpuacct) == "/sys/fs/cgroup/cpuacct");
  CHECK(hierarchies->Find(Controller::kMemory).version == 1);
  CHECK(MountPoint(*hierarchies, Controller::kFreezer) == "/sys/fs/cgroup/unified");
  CHECK(hierarchies->Find(Controller::kFreezer).version == 2);
  CHECK(MountPoint(*hierarchies, Controller::kDevices) == "/sys/fs/cgroup/unified");
  // v2, memory, cpu, cpuacct, pids, cpuset; not the v1 freezer, devices or systemd.
  CHECK(hierarchies->used().size() == 6);
  CHECK(hierarchies->used().front() == hierarchies->unified());
}

TEST_CASE("Without device programs a hybrid host has its devices in v1") {
  auto texts = test_hosts::Hybrid();
  texts.device_programs = false;
  const auto hierarchies = Hierarchies::Parse(texts);
  REQUIRE(hierarchies.ok());
  CHECK(MountPoint(*hierarchies, Controller::kDevices) == "/sys/fs/cgroup/devices");
}

TEST_CASE("A v2 host has all that v2 knows in one hierarchy") {
  const auto hierarchies = Hierarchies::Parse(test_hosts::Unified());
  REQUIRE(hierarchies.ok());
  CHECK(hierarchies->Mode() == "v2");
  for (Controller controller : kAllControllers) {
    if (controller == Controller::kNetCls) continue;
    INFO(Name(controller));
    CHECK(hierarchies->Find(controller).version == 2);
  }
  CHECK(hierarchies->used().size() == 1);
  CHECK_THAT(hierarchies->Find(Controller::kNetCls).missing, Contains("version 2 does not know it"));
  auto texts = test_hosts::Unified();
  texts.device_programs = false;
  CHECK_THAT(Hierarchies::Parse(texts)->Find(Controller::kDevices).missing, Contains("no BPF device programs"));
}

TEST_CASE("A v1 host has controllers together, an odd mount point and systemd's hierarchy") {
  const auto hierarchies = Hierarchies::Parse(test_hosts::Legacy());
  REQUIRE(hierarchies.ok());
  CHECK(hierarchies->Mode() == "v1");
  CHECK(hierarchies->unified() == -1);
  CHECK(MountPoint(*hierarchies, Controller::kCpu) == "/sys/fs/cgroup/cpu,cpuacct");
  CHECK(hierarchies->Find(Controller::kCpu).hierarchy == hierarchies->Find(Controller::kCpuacct).hierarchy);
  CHECK(MountPoint(*hierarchies, Controller::kFreezer) == "/sys/fs/cgroup/freezer odd");
  // memory, cpu+cpuacct, freezer, pids, cpuset, systemd: one each.
  CHECK(hierarchies->used().size() == 6);
  CHECK_THAT(hierarchies->Find(Controller::kDevices).missing, Contains("not mounted here"));
}

TEST_CASE("A missing controller says why") {
  SECTION("switched off at boot") {
    auto texts = test_hosts::Unified();
    texts.cgroups = "memory\t0\t80\t0\n";
    texts.unified_controllers = "cpu pids\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK(hierarchies->Find(Controller::kMemory).missing == "the kernel was started with cgroup_disable=memory");
    CHECK(absl::StrContains(hierarchies->Describe(), "memory missing (the kernel was started"));
  }
  SECTION("not in the kernel") {
    auto texts = test_hosts::Legacy();
    texts.cgroups = "cpu\t4\t1\t1\n";
    texts.self_cgroup = "";
    texts.mountinfo = "33 25 0:29 / /cpu rw - cgroup cgroup rw,cpu\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK(hierarchies->Find(Controller::kPids).missing == "the kernel does not have it");
  }
  SECTION("not offered by v2") {
    auto texts = test_hosts::Unified();
    texts.unified_controllers = "cpu\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK_THAT(hierarchies->Find(Controller::kMemory).missing, Contains("v2 hierarchy does not offer it"));
  }
}

TEST_CASE("The same hierarchy mounted twice counts once") {
  SECTION("where it was mounted last") {
    auto texts = test_hosts::Unified();
    texts.mountinfo += "99 22 0:23 / /elsewhere rw - cgroup2 cgroup2 rw\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK(hierarchies->all().size() == 1);
    CHECK(hierarchies->all()[0].mount_point == "/elsewhere");
  }
  SECTION("where it is all to be seen; the order of controllers says nothing") {
    auto texts = test_hosts::Legacy();
    texts.mountinfo += "98 25 0:29 /part /elsewhere rw - cgroup cgroup rw,cpuacct,cpu\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK(hierarchies->all().size() == 6);
    CHECK(MountPoint(*hierarchies, Controller::kCpu) == "/sys/fs/cgroup/cpu,cpuacct");
  }
}

TEST_CASE("Malformed texts are refused by line") {
  auto texts = test_hosts::Unified();
  SECTION("mountinfo") {
    texts.mountinfo = "26 22 0:23 /\n";
    CHECK_THAT(std::string(Hierarchies::Parse(texts).status().message()), Contains("\"26 22 0:23 /\""));
  }
  SECTION("mountinfo without a separator") {
    texts.mountinfo = "26 22 0:23 / /a rw cgroup2 cgroup2 rw\n";
    CHECK_FALSE(Hierarchies::Parse(texts).ok());
  }
  SECTION("cgroups") {
    texts.cgroups = "memory\tzero\t1\t1\n";
    CHECK_THAT(std::string(Hierarchies::Parse(texts).status().message()), Contains("/proc/cgroups"));
  }
  SECTION("an escape that is cut off stays as it is") {
    texts.mountinfo = "26 22 0:23 / /a\\04 rw - cgroup2 cgroup2 rw\n";
    const auto hierarchies = Hierarchies::Parse(texts);
    REQUIRE(hierarchies.ok());
    CHECK(hierarchies->all()[0].mount_point == "/a\\04");
  }
  SECTION("no hierarchy at all") {
    texts.mountinfo = "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n";
    CHECK(absl::IsFailedPrecondition(Hierarchies::Parse(texts).status()));
  }
}

}  // namespace
}  // namespace reeve::cgroups
