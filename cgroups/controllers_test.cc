// What is written and understood, by version, over a fake tree.
#include <catch2/catch.hpp>
#include <memory>

#include "cgroups/block_io.h"
#include "cgroups/cpu.h"
#include "cgroups/cpuacct.h"
#include "cgroups/cpuset.h"
#include "cgroups/delegation.h"
#include "cgroups/fake_tree.h"
#include "cgroups/hugetlb.h"
#include "cgroups/memory.h"
#include "cgroups/memory_statistics.h"
#include "cgroups/net_class.h"
#include "cgroups/perf_event.h"
#include "cgroups/pids.h"
#include "cgroups/pressure.h"
#include "cgroups/test_hosts.h"

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;
using Lines = std::vector<std::string>;

// A group "m/a" whose files are put there by the test.
struct FakeGroup {
  explicit FakeGroup(const Hierarchies::Texts& texts) : location{*Hierarchies::Create(texts, tree), "m/a"} {}
  std::string& File(Controller controller, const std::string& name) {
    return tree->files[{location.hierarchies.Find(controller).hierarchy, "m/a/" + name}];
  }
  // What was written since the last call, without the hierarchy and the group.
  Lines Written() {
    Lines lines;
    for (const std::string& write : tree->writes) lines.push_back(write.substr(write.find("m/a/") + 4));
    tree->writes.clear();
    return lines;
  }

  std::shared_ptr<FakeTree> tree = std::make_shared<FakeTree>();
  Location location;
};

// v1 with all that v2 does not share out.
Hierarchies::Texts AllOfV1() {
  auto texts = test_hosts::Legacy();
  for (const char* name : {"blkio", "hugetlb", "net_cls", "perf_event"}) {
    texts.mountinfo += std::string("50 25 0:50 / /cg/") + name + " rw - cgroup cgroup rw," + name + "\n";
  }
  return texts;
}

TEST_CASE("v1 memory limits are set in the order that the kernel takes") {
  FakeGroup group(test_hosts::Legacy());
  group.File(Controller::kMemory, "memory.limit_in_bytes") = "1000\n";
  group.File(Controller::kMemory, "memory.soft_limit_in_bytes") = "";
  group.File(Controller::kMemory, "memory.memsw.limit_in_bytes") = "2000\n";
  REQUIRE(SetMemoryLimits(group.location, {.hard_bytes = 3000, .soft_bytes = 10, .swap_bytes = 4000}).ok());
  CHECK(group.Written() ==
        Lines{"memory.memsw.limit_in_bytes=4000", "memory.limit_in_bytes=3000", "memory.soft_limit_in_bytes=10"});
  REQUIRE(SetMemoryLimits(group.location, {.hard_bytes = 500, .swap_bytes = 600}).ok());
  CHECK(group.Written() == Lines{"memory.limit_in_bytes=500", "memory.memsw.limit_in_bytes=600"});
  REQUIRE(SetMemoryLimits(group.location, {.hard_bytes = 0, .swap_bytes = 0}).ok());
  CHECK(group.Written() == Lines{"memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1"});
  CHECK(absl::IsInvalidArgument(SetMemoryLimits(group.location, {.hard_bytes = 0, .swap_bytes = 5})));
  CHECK(absl::IsInvalidArgument(SetMemoryLimits(group.location, {.hard_bytes = 6, .swap_bytes = 5})));
  CHECK(group.Written().empty());
}

TEST_CASE("v2 counts swap alone") {
  FakeGroup group(test_hosts::Unified());
  group.File(Controller::kMemory, "memory.max") = "max\n";
  group.File(Controller::kMemory, "memory.low") = "0\n";
  group.File(Controller::kMemory, "memory.swap.max") = "max\n";
  REQUIRE(SetMemoryLimits(group.location, {.hard_bytes = 3000, .soft_bytes = 10, .swap_bytes = 4000}).ok());
  CHECK(group.Written() == Lines{"memory.max=3000", "memory.swap.max=1000", "memory.low=10"});
  CHECK(ReadMemoryLimits(group.location)->swap_bytes == 4000);
  REQUIRE(SetMemoryLimits(group.location, {.swap_bytes = 3500}).ok());
  CHECK(group.Written() == Lines{"memory.swap.max=500"});
  CHECK(absl::IsInvalidArgument(SetMemoryLimits(group.location, {.swap_bytes = 2999})));
  REQUIRE(SetMemoryLimits(group.location, {.hard_bytes = 0, .swap_bytes = 0}).ok());
  CHECK(group.Written() == Lines{"memory.max=max", "memory.swap.max=max"});
  CHECK(absl::IsInvalidArgument(SetMemoryLimits(group.location, {.swap_bytes = 3000})));
}

TEST_CASE("Memory statistics of either version") {
  SECTION("v1 counts what is below") {
    FakeGroup group(test_hosts::Legacy());
    group.File(Controller::kMemory, "memory.stat") =
        "rss 1\ntotal_rss 4096\ntotal_cache 8192\ntotal_shmem 12\ntotal_swap 7\ntotal_pgfault 3\ntotal_pgmajfault 2\n"
        "total_inactive_file 5\ntotal_active_file 6\nhierarchical_memory_limit 9223372036854771712\n";
    group.File(Controller::kMemory, "memory.usage_in_bytes") = "12288\n";
    group.File(Controller::kMemory, "memory.oom_control") = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
    group.File(Controller::kMemory, "memory.max_usage_in_bytes") = "16384\n";
    const auto statistics = ReadMemoryStatistics(group.location);
    REQUIRE(statistics.ok());
    CHECK(statistics->usage.bytes == 12288);
    CHECK(statistics->usage.peak_bytes == 16384);
    CHECK(statistics->usage.limit_bytes == 0);
    CHECK(statistics->usage.out_of_memory_kills == 2);
    CHECK(statistics->anonymous == 4096);
    CHECK(statistics->file == 8192);
    CHECK(statistics->swap == 7);
    CHECK(statistics->kernel == 0);
    CHECK(statistics->major_page_faults == 2);
  }
  SECTION("v2") {
    FakeGroup group(test_hosts::Unified());
    group.File(Controller::kMemory, "memory.stat") = "anon 4096\nfile 8192\nkernel 9\nshmem 12\npgfault 3\n";
    group.File(Controller::kMemory, "memory.current") = "12288\n";
    group.File(Controller::kMemory, "memory.max") = "65536\n";
    group.File(Controller::kMemory, "memory.events") = "oom 1\noom_kill 1\n";
    CHECK(ReadMemoryStatistics(group.location)->swap == 0);
    group.File(Controller::kMemory, "memory.swap.current") = "7\n";
    const auto statistics = ReadMemoryStatistics(group.location);
    REQUIRE(statistics.ok());
    CHECK(statistics->anonymous == 4096);
    CHECK(statistics->kernel == 9);
    CHECK(statistics->usage.limit_bytes == 65536);
    CHECK(statistics->usage.peak_bytes == 0);
    CHECK(statistics->usage.out_of_memory_kills == 1);
    CHECK(statistics->swap == 7);
  }
}

TEST_CASE("Of a v1 budget the file goes first that makes it smaller") {
  FakeGroup group(test_hosts::Legacy());
  group.File(Controller::kCpu, "cpu.cfs_period_us") = "100000\n";
  group.File(Controller::kCpu, "cpu.cfs_quota_us") = "-1\n";
  REQUIRE(SetCpuQuota(group.location, 200000, 5000).ok());
  CHECK(group.Written() == Lines{"cpu.cfs_period_us=200000", "cpu.cfs_quota_us=5000"});
  REQUIRE(SetCpuQuota(group.location, 10000, -7).ok());
  CHECK(group.Written() == Lines{"cpu.cfs_quota_us=-1", "cpu.cfs_period_us=10000"});
  CHECK(ReadCpuQuota(group.location)->quota_us == -1);
  group.File(Controller::kCpu, "cpu.cfs_quota_us") = "much\n";
  CHECK_THAT(std::string(ReadCpuQuota(group.location).status().message()),
             Contains("cpu.cfs_quota_us") && Contains("much"));
}

TEST_CASE("v2 has the quota in one file, shares as a weight, and no real time") {
  FakeGroup group(test_hosts::Unified());
  group.File(Controller::kCpu, "cpu.max") = "max 100000\n";
  group.File(Controller::kCpu, "cpu.weight") = "100\n";
  group.File(Controller::kCpu, "cpu.stat") =
      "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\nthrottled_usec 9\n";
  CHECK(ReadCpuQuota(group.location)->quota_us == -1);
  REQUIRE(SetCpuQuota(group.location, 50000, 2000).ok());
  CHECK(group.Written() == Lines{"cpu.max=2000 50000"});
  CHECK(ReadCpuQuota(group.location)->period_us == 50000);
  CHECK(ReadCpuTime(group.location)->system_ns == 10000);
  CHECK(ReadCpuThrottling(group.location)->throttled_ns == 9000);
  CHECK(absl::IsFailedPrecondition(SetCpuRealtime(group.location, 1000000, 1000)));
  CHECK(absl::IsFailedPrecondition(ReadCpuTimes(group.location).status()));
  CHECK(absl::IsFailedPrecondition(SetCpusetMigration(group.location, false)));
  CHECK(SetCpusetMigration(group.location, true).ok());
}

TEST_CASE("Shares survive being a weight, nearly") {
  for (uint64_t shares : {2, 100, 1024, 100000, 262144}) {
    const uint64_t back = SharesFromWeight(WeightFromShares(shares));
    INFO(shares << " became " << back);
    CHECK(back + 27 > shares);
    CHECK(shares + 27 > back);
    CHECK(WeightFromShares(back) == WeightFromShares(shares));
  }
}

TEST_CASE("CPU time of each CPU") {
  FakeGroup group(test_hosts::Legacy());
  std::string& all = group.File(Controller::kCpuacct, "cpuacct.usage_all");
  all = "cpu user system\n0 5 6\n2 7 8\n";
  const auto times = ReadCpuTimes(group.location);
  REQUIRE(times.ok());
  REQUIRE(times->size() == 3);
  CHECK((*times)[1].total_ns == 0);
  CHECK((*times)[2].total_ns == 15);
  CHECK(ReadCpuTime(group.location)->user_ns == 12);
  for (const char* bad : {"0 5\n", "0 5 x\n", "70000 1 1\n", "-1 1 1\n"}) {
    all = bad;
    CHECK_THAT(std::string(ReadCpuTimes(group.location).status().message()),
               Contains("cpuacct.usage_all is not understood"));
  }
}

TEST_CASE("Block devices") {
  SECTION("v1") {
    FakeGroup group(AllOfV1());
    CHECK(absl::IsNotFound(SetBlockWeight(group.location, 500)));
    group.File(Controller::kBlkio, "blkio.bfq.weight") = "";
    REQUIRE(SetBlockWeight(group.location, 500).ok());
    CHECK(group.Written() == Lines{"blkio.bfq.weight=500"});
    group.File(Controller::kBlkio, "blkio.bfq.weight_device") = "";
    REQUIRE(SetBlockDeviceWeight(group.location, {8, 16}, 0).ok());
    CHECK(group.Written() == Lines{"blkio.bfq.weight_device=8:16 0"});
    for (const char* file : {"read_bps", "write_bps", "read_iops", "write_iops"}) {
      group.File(Controller::kBlkio, std::string("blkio.throttle.") + file + "_device") = "";
    }
    REQUIRE(SetBlockLimits(group.location, {8, 0}, {.read_bytes = 1000, .write_operations = 0}).ok());
    CHECK(group.Written() ==
          Lines{"blkio.throttle.read_bps_device=8:0 1000", "blkio.throttle.write_iops_device=8:0 0"});
    group.File(Controller::kBlkio, "blkio.throttle.io_service_bytes_recursive") =
        "8:0 Read 4096\n8:0 Write 10\n8:0 Sync 5\n8:0 Total 4106\n7:0 Read 0\nTotal 4106\n";
    group.File(Controller::kBlkio, "blkio.throttle.io_serviced_recursive") = "8:0 Read 2\n8:0 Write 1\nTotal 3\n";
    const auto usage = ReadBlockUsage(group.location);
    REQUIRE(usage.ok());
    REQUIRE(usage->size() == 1);
    CHECK((*usage)[0].device == BlockDevice{8, 0});
    CHECK((*usage)[0].read_bytes == 4096);
    CHECK((*usage)[0].write_operations == 1);
  }
  SECTION("v2") {
    FakeGroup group(test_hosts::Unified());
    group.File(Controller::kBlkio, "io.weight") = "";
    group.File(Controller::kBlkio, "io.bfq.weight") = "";
    group.File(Controller::kBlkio, "io.max") = "";
    REQUIRE(SetBlockWeight(group.location, 1000).ok());
    CHECK(group.Written() == Lines{"io.bfq.weight=1000", "io.weight=10000"});
    REQUIRE(SetBlockDeviceWeight(group.location, {8, 16}, 0).ok());
    CHECK(group.Written() == Lines{"io.bfq.weight=8:16 default", "io.weight=8:16 default"});
    REQUIRE(SetBlockLimits(group.location, {8, 0}, {.read_bytes = 1000, .write_operations = 0}).ok());
    CHECK(group.Written() == Lines{"io.max=8:0 rbps=1000 wiops=max"});
    REQUIRE(SetBlockLimits(group.location, {8, 0}, {}).ok());
    CHECK(group.Written().empty());
    group.File(Controller::kBlkio, "io.stat") =
        "8:0 rbytes=4096 wbytes=10 rios=2 wios=1 dbytes=0 dios=0\n7:0 rbytes=0 wbytes=0 rios=0 wios=0\n9:1 \n";
    const auto usage = ReadBlockUsage(group.location);
    REQUIRE(usage.ok());
    REQUIRE(usage->size() == 1);
    CHECK((*usage)[0].write_bytes == 10);
    CHECK(absl::IsInvalidArgument(SetBlockWeight(group.location, 1001)));
  }
}

TEST_CASE("Huge pages, tasks and network class") {
  FakeGroup v1(AllOfV1());
  CHECK(HugePageName(64) == "64KB");
  CHECK(HugePageName(2048) == "2MB");
  CHECK(HugePageName(1048576) == "1GB");
  v1.File(Controller::kHugetlb, "hugetlb.2MB.limit_in_bytes") = "";
  REQUIRE(SetHugePagesLimit(v1.location, 2048, 3).ok());
  REQUIRE(RemoveHugePagesLimit(v1.location, 2048).ok());
  CHECK(v1.Written() == Lines{"hugetlb.2MB.limit_in_bytes=6291456", "hugetlb.2MB.limit_in_bytes=-1"});
  CHECK(absl::IsInvalidArgument(SetHugePagesLimit(v1.location, 2048, uint64_t{1} << 60)));
  CHECK(absl::IsInvalidArgument(SetHugePagesLimit(v1.location, 0, 1)));
  v1.File(Controller::kNetCls, "net_cls.classid") = "0\n";
  REQUIRE(SetNetClass(v1.location, 0x100001).ok());
  CHECK(*ReadNetClass(v1.location) == 0x100001);

  FakeGroup v2(test_hosts::Unified());
  v2.File(Controller::kHugetlb, "hugetlb.2MB.max") = "max\n";
  v2.File(Controller::kHugetlb, "hugetlb.2MB.current") = "2097152\n";
  v2.File(Controller::kHugetlb, "hugetlb.2MB.events") = "max 5\n";
  REQUIRE(SetHugePagesLimit(v2.location, 2048, 0).ok());
  CHECK(v2.Written() == Lines{"hugetlb.2MB.max=0"});
  CHECK(ReadHugePages(v2.location, 2048)->refused == 5);
  CHECK(absl::IsFailedPrecondition(SetNetClass(v2.location, 1)));
  v2.File(Controller::kPids, "pids.max") = "max\n";
  v2.File(Controller::kPids, "pids.current") = "4\n";
  v2.File(Controller::kPids, "pids.events") = "max 1\n";
  CHECK(ReadTasks(v2.location)->limit == 0);
  CHECK(*ReadTasksRefused(v2.location) == 1);
  REQUIRE(SetTasksLimit(v2.location, 9).ok());
  CHECK(ReadTasks(v2.location)->limit == 9);
}

TEST_CASE("An error says what the parent has, or does not pass on") {
  FakeGroup group(test_hosts::Unified());
  const int unified = group.location.hierarchies.unified();
  group.tree->files[{unified, "m/cgroup.subtree_control"}] = "cpu memory\n";
  CHECK_THAT(std::string(SetTasksLimit(group.location, 9).message()),
             Contains("controller pids: write \"9\" to /sys/fs/cgroup/m/a/pids.max: No such file") &&
                 Contains("(the parent /sys/fs/cgroup/m passes on \"cpu memory\")"));
  group.tree->files[{unified, "m/cpuset.cpus"}] = "0-3\n";
  group.tree->errors[{"write", {unified, "m/a/cpuset.cpus"}}] = EINVAL;
  CHECK_THAT(
      std::string(SetCpusetCpus(group.location, "0-9").message()),
      Contains("controller cpuset: write \"0-9\" to /sys/fs/cgroup/m/a/cpuset.cpus: Invalid argument (the parent has "
               "\"0-3\")"));
}

TEST_CASE("Pressure") {
  FakeGroup group(test_hosts::Hybrid());
  const int unified = group.location.hierarchies.unified();
  group.tree->files[{unified, "m/a/memory.pressure"}] =
      "some avg10=0.12 avg60=1.50 avg300=22.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=1.00 total=7\n";
  const auto pressure = ReadPressure(group.location, Resource::kMemory);
  REQUIRE(pressure.ok());
  CHECK(pressure->some.average_60 == Approx(1.5));
  CHECK(pressure->some.total_us == 12345);
  CHECK(pressure->full.average_300 == Approx(1.0));
  for (const char* bad : {"none avg10=0\n", "some avg10=x\n", "some total=-1\n"}) {
    CHECK(absl::IsInvalidArgument(ParsePressure(bad).status()));
  }
  group.tree->errors[{"read", {unified, "m/a/cpu.pressure"}}] = EOPNOTSUPP;
  CHECK_THAT(std::string(ReadPressure(group.location, Resource::kCpu).status().message()), Contains("psi=0"));
  FakeGroup v1(test_hosts::Legacy());
  CHECK(absl::IsFailedPrecondition(ReadPressure(v1.location, Resource::kIo).status()));
}

TEST_CASE("Delegation hands over the directory and what lives by it, not the limits") {
  FakeGroup group(test_hosts::Hybrid());
  const int unified = group.location.hierarchies.unified();
  CHECK_FALSE(Delegate(group.location, 7, 8).ok());
  group.tree->directories.insert({unified, "m/a"});
  group.tree->files[{unified, "m/a/cgroup.procs"}] = "";
  group.tree->files[{unified, "m/a/memory.max"}] = "";
  REQUIRE(Delegate(group.location, 7, 8).ok());
  const std::map<FakeTree::Place, std::pair<uid_t, gid_t>> expected = {{{unified, "m/a"}, {7, 8}},
                                                                       {{unified, "m/a/cgroup.procs"}, {7, 8}}};
  CHECK(group.tree->owners == expected);
}

}  // namespace
}  // namespace reeve::cgroups
