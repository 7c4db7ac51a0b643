// The controllers of this host's real hierarchies, each set and read back. What a host does not have must say so. Needs
// root; leaves nothing behind.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "absl/strings/match.h"
#include "cgroups/block_io.h"
#include "cgroups/cpu.h"
#include "cgroups/cpuacct.h"
#include "cgroups/cpuset.h"
#include "cgroups/delegation.h"
#include "cgroups/hugetlb.h"
#include "cgroups/kernel_fixture.h"
#include "cgroups/memory.h"
#include "cgroups/memory_statistics.h"
#include "cgroups/net_class.h"
#include "cgroups/perf_event.h"
#include "cgroups/pids.h"
#include "cgroups/pressure.h"

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;

constexpr uint64_t kMebibyte = 1 << 20;

struct Fixture : KernelFixture {
  Fixture() : group(Group::Create(hierarchies, partition, "a")) {
    INFO(group.status());
    REQUIRE(group.ok());
  }
  int version(Controller controller) const { return hierarchies.Find(controller).version; }
  // Whether the host has it; when not, that `status` says so.
  bool Has(Controller controller, const absl::Status& status) const {
    INFO(Name(controller) << ": " << status);
    if (version(controller) != 0) return true;
    CHECK(absl::IsFailedPrecondition(status));
    CHECK_THAT(std::string(status.message()),
               Contains(std::string(Name(controller))) && Contains(hierarchies.Find(controller).missing));
    return false;
  }

  absl::StatusOr<Group> group;
};

#define REQUIRE_OK(expression)            \
  do {                                    \
    const absl::Status done = expression; \
    INFO(done);                           \
    REQUIRE(done.ok());                   \
  } while (false)

TEST_CASE("Memory limits are moved in either direction") {
  Fixture fixture;
  if (!fixture.Has(Controller::kMemory, SetMemoryLimit(*fixture.group, 64 * kMebibyte))) return;
  const auto before = ReadMemoryLimits(*fixture.group);
  REQUIRE(before.ok());
  CHECK(before->hard_bytes == 64 * kMebibyte);
  const bool counts_swap = before->swap_bytes.has_value();
  if (!counts_swap) WARN("the kernel does not count swap");
  for (uint64_t mebibytes : {32, 256, 16, 128}) {
    MemoryLimits limits = {.hard_bytes = mebibytes * kMebibyte, .soft_bytes = mebibytes / 2 * kMebibyte};
    if (counts_swap) limits.swap_bytes = 2 * mebibytes * kMebibyte;
    REQUIRE_OK(SetMemoryLimits(*fixture.group, limits));
    const auto read = ReadMemoryLimits(*fixture.group);
    REQUIRE(read.ok());
    CHECK(read->hard_bytes == limits.hard_bytes);
    CHECK(read->soft_bytes == limits.soft_bytes);
    CHECK(read->swap_bytes == limits.swap_bytes);
  }
  CHECK(absl::IsInvalidArgument(
      SetMemoryLimits(*fixture.group, {.hard_bytes = 64 * kMebibyte, .swap_bytes = 32 * kMebibyte})));
  if (counts_swap) REQUIRE_OK(SetMemorySwapLimit(*fixture.group, 0));
  REQUIRE_OK(SetMemoryLimits(*fixture.group, {.hard_bytes = 0, .soft_bytes = 0}));
  const auto none = ReadMemoryLimits(*fixture.group);
  REQUIRE(none.ok());
  CHECK(none->hard_bytes == uint64_t{0});
  CHECK(none->swap_bytes.value_or(0) == 0);
}

void TouchMemory() {
  char* bytes = static_cast<char*>(
      ::mmap(nullptr, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
  ::memset(bytes, 1, 8 << 20);
}

// Calls `done` until it is true. Bounded, and not timed: what it waits for happens.
template <typename Done>
void Await(Tree* tree, Done done) {
  for (int attempt = 0; attempt < 5000 && !done(); ++attempt) tree->Pause(attempt);
  REQUIRE(done());
}

TEST_CASE("Memory that is used is told") {
  Fixture fixture;
  if (!fixture.Has(Controller::kMemory, ReadMemory(*fixture.group).status())) return;
  fixture.StartChild(*fixture.group, TouchMemory);
  Await(fixture.hierarchies.tree(), [&] { return ReadMemoryStatistics(*fixture.group)->anonymous >= 8 * kMebibyte; });
  const auto usage = ReadMemory(*fixture.group);
  REQUIRE(usage.ok());
  CHECK(usage->bytes >= 8 * kMebibyte);
  CHECK(usage->limit_bytes == 0);
  const auto statistics = ReadMemoryStatistics(*fixture.group);
  REQUIRE(statistics.ok());
  CHECK(statistics->page_faults > 0);
  CHECK(statistics->swap == 0);
}

TEST_CASE("CPU shares, quota and time") {
  Fixture fixture;
  if (fixture.Has(Controller::kCpu, SetCpuShares(*fixture.group, 512))) {
    const uint64_t shares = *ReadCpuShares(*fixture.group);
    CHECK((fixture.version(Controller::kCpu) == 1 ? shares == 512 : shares > 490 && shares < 530));
    struct Step {
      uint64_t period;
      int64_t quota;
    };
    for (const Step& step : {Step{100000, 50000}, {500000, 1000}, {10000, 20000}, {100000, -1}}) {
      REQUIRE_OK(SetCpuQuota(*fixture.group, step.period, step.quota));
      const auto read = ReadCpuQuota(*fixture.group);
      REQUIRE(read.ok());
      CHECK(read->period_us == step.period);
      CHECK(read->quota_us == step.quota);
    }
    const absl::Status refused = SetCpuQuota(*fixture.group, 100000, 10);
    CHECK_THAT(std::string(refused.message()), Contains("controller cpu") && Contains("10") &&
                                                   Contains(fixture.group->path()) && Contains("parent has"));
    CHECK(ReadCpuThrottling(*fixture.group).ok());
  }
  // Real time is v1's, and of some kernels only.
  const absl::Status realtime = SetCpuRealtime(*fixture.group, 1000000, 0);
  if (fixture.version(Controller::kCpu) == 2) {
    CHECK(absl::IsFailedPrecondition(realtime));
    CHECK_THAT(std::string(realtime.message()), Contains("no real-time budget"));
  } else if (realtime.ok()) {
    CHECK(ReadCpuRealtime(*fixture.group)->period_us == 1000000);
  } else {
    CHECK_THAT(std::string(realtime.message()), Contains("cpu.rt_"));
  }
  if (!fixture.Has(Controller::kCpuacct, ReadCpuTime(*fixture.group).status())) return;
  fixture.StartChild(*fixture.group, [] {
    for (volatile int i = 0; i < 100'000'000;) i = i + 1;
  });
  Await(fixture.hierarchies.tree(), [&] { return ReadCpuTime(*fixture.group)->user_ns > 5'000'000; });
  const auto time = ReadCpuTime(*fixture.group);
  REQUIRE(time.ok());
  CHECK(time->total_ns >= time->user_ns);
  CHECK(*ReadCpuTimeNs(*fixture.group) >= time->total_ns / 2);
  const auto times = ReadCpuTimes(*fixture.group);
  if (fixture.version(Controller::kCpuacct) == 1) {
    REQUIRE(times.ok());
    CHECK(!times->empty());
  } else {
    CHECK(absl::IsFailedPrecondition(times.status()));
  }
}

TEST_CASE("A cpuset has the parent's CPUs, and some of them when told") {
  Fixture fixture;
  if (!fixture.Has(Controller::kCpuset, ReadCpuset(*fixture.group).status())) return;
  const auto all = ReadCpuset(*fixture.group);
  CHECK(!all->cpus.empty());
  CHECK(!all->nodes.empty());
  fixture.StartChild(*fixture.group);
  REQUIRE_OK(SetCpusetCpus(*fixture.group, "0"));
  REQUIRE_OK(SetCpusetNodes(*fixture.group, "0"));
  CHECK(ReadCpuset(*fixture.group)->cpus == "0");
  CHECK(ReadCpuset(*fixture.group)->nodes == "0");
  REQUIRE_OK(SetCpusetMigration(*fixture.group, true));
  CHECK_THAT(
      std::string(SetCpusetCpus(*fixture.group, "none").message()),
      Contains("controller cpuset") && Contains("\"none\"") && Contains("cpuset.cpus") && Contains("parent has"));
  // The next group of the partition comes with its cpus.
  auto next = Group::Create(fixture.hierarchies, fixture.partition, "b");
  REQUIRE(next.ok());
  CHECK(ReadCpuset(*next)->cpus == all->cpus);
}

TEST_CASE("Block devices are limited and weighed where the kernel can") {
  Fixture fixture;
  const absl::Status weight = SetBlockWeight(*fixture.group, 300);
  if (!fixture.Has(Controller::kBlkio, weight)) return;
  if (!weight.ok()) CHECK(absl::IsNotFound(weight));
  CHECK(absl::IsInvalidArgument(SetBlockWeight(*fixture.group, 5)));
  // The disk that / is on, if it is on one.
  struct stat root = {};
  REQUIRE(::stat("/", &root) == 0);
  if (::major(root.st_dev) != 0) {
    const BlockDevice disk = {::major(root.st_dev), ::minor(root.st_dev)};
    REQUIRE_OK(SetBlockLimits(*fixture.group, disk, {.read_bytes = 1 << 20, .write_operations = 100}));
    REQUIRE_OK(SetBlockLimits(*fixture.group, disk, {.read_bytes = 0, .write_operations = 0}));
  }
  const absl::Status absent = SetBlockLimits(*fixture.group, {4000, 77}, {.read_bytes = 1 << 20});
  CHECK_THAT(std::string(absent.message()), Contains("controller blkio") && Contains("4000:77"));
  const auto usage = ReadBlockUsage(*fixture.group);
  INFO(usage.status());
  REQUIRE(usage.ok());
  CHECK(usage->empty());
}

TEST_CASE("The number of tasks is limited") {
  Fixture fixture;
  if (!fixture.Has(Controller::kPids, SetTasksLimit(*fixture.group, 3))) return;
  fixture.StartChild(*fixture.group, [] {
    for (int i = 0; i < 10; ++i) {
      if (::fork() == 0) {
        while (true) ::pause();
      }
    }
  });
  Await(fixture.hierarchies.tree(), [&] { return *ReadTasksRefused(*fixture.group) >= 8; });
  CHECK(ReadTasks(*fixture.group)->tasks == 3);
  CHECK(ReadTasks(*fixture.group)->limit == 3);
  CHECK(fixture.group->Processes()->size() == 3);
  REQUIRE_OK(SetTasksLimit(*fixture.group, 0));
  CHECK(ReadTasks(*fixture.group)->limit == 0);
  REQUIRE(fixture.group->Kill().ok());
  fixture.EndChild();
  CHECK(fixture.group->Remove(absl::Seconds(10)).ok());
}

TEST_CASE("Huge pages, network class and perf events, or why not") {
  Fixture fixture;
  if (fixture.Has(Controller::kHugetlb, SetHugePagesLimit(*fixture.group, 2048, 8))) {
    const absl::Status set = SetHugePagesLimit(*fixture.group, 2048, 8);
    INFO(set);
    if (set.ok()) {
      CHECK(ReadHugePages(*fixture.group, 2048)->bytes == 0);
      CHECK(RemoveHugePagesLimit(*fixture.group, 2048).ok());
    } else {
      // Where systemd or somebody else does not pass it on.
      CHECK_THAT(std::string(set.message()), Contains("hugetlb.2MB") && Contains("passes on"));
    }
    CHECK_THAT(std::string(SetHugePagesLimit(*fixture.group, 3, 1).message()), Contains("hugetlb.3KB"));
  }
  if (fixture.Has(Controller::kNetCls, SetNetClass(*fixture.group, 0x00100001))) {
    CHECK(ReadNetClass(*fixture.group).value_or(0) == 0x00100001);
  }
  if (fixture.Has(Controller::kPerfEvent, OpenForPerfEvents(*fixture.group).status())) {
    CHECK(OpenForPerfEvents(*fixture.group).ok());
  }
}

TEST_CASE("Pressure of a group, where the kernel gives it") {
  Fixture fixture;
  for (Resource resource : {Resource::kCpu, Resource::kMemory, Resource::kIo}) {
    const auto pressure = ReadPressure(*fixture.group, resource);
    INFO(pressure.status());
    if (pressure.ok()) {
      CHECK(pressure->some.average_10 >= 0);
    } else {
      CHECK(absl::IsFailedPrecondition(pressure.status()));
    }
  }
}

TEST_CASE("A delegated group is its user's, its limits are not") {
  Fixture fixture;
  REQUIRE_OK(Delegate(*fixture.group, 4242, 4243));
  const int unified = fixture.hierarchies.unified();
  if (unified < 0) return;
  const std::string directory = fixture.hierarchies.all()[unified].mount_point + "/" + fixture.group->path();
  const auto owner = [&](const std::string& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 ? std::pair(status.st_uid, status.st_gid) : std::pair(0u, 1u);
  };
  CHECK(owner(directory) == std::pair(4242u, 4243u));
  CHECK(owner(directory + "/cgroup.procs") == std::pair(4242u, 4243u));
  CHECK(owner(directory + "/cgroup.subtree_control") == std::pair(4242u, 4243u));
  CHECK(owner(directory + "/cgroup.freeze") == std::pair(0u, 0u));
  CHECK(owner(directory + "/cgroup.kill") == std::pair(0u, 0u));
}

TEST_CASE("Groups nest") {
  Fixture fixture;
  auto inner = Group::Create(fixture.hierarchies, fixture.partition + "/x/y/z", "deep");
  INFO(inner.status());
  REQUIRE(inner.ok());
  fixture.StartChild(*inner);
  CHECK(*inner->Processes() == std::vector<pid_t>{fixture.child});
  // Killing the uppermost kills what is below, also when it stands still.
  auto outer = Group::Open(fixture.hierarchies, fixture.partition, "x");
  REQUIRE(outer.ok());
  REQUIRE_OK(outer->Freeze());
  CHECK(*inner->IsFrozen());
  REQUIRE_OK(outer->Kill());
  CHECK(WTERMSIG(fixture.EndChild(0)) == SIGKILL);
  CHECK(outer->Remove().ok());
}

}  // namespace
}  // namespace reeve::cgroups
