#include "cgroups/group.h"

#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/cpu.h"
#include "cgroups/fake_tree.h"
#include "cgroups/memory.h"
#include "cgroups/pids.h"
#include "cgroups/test_hosts.h"

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;

// A host on a fake tree whose new groups have the files that the kernel gives them.
struct Host {
  explicit Host(const Hierarchies::Texts& texts) {
    hierarchies = *Hierarchies::Create(texts, tree);
    for (size_t i = 0; i < hierarchies.all().size(); ++i) {
      const int index = static_cast<int>(i);
      auto& files = tree->templates[index];
      files["cgroup.procs"] = "";
      if (hierarchies.all()[i].version == 2) {
        files.insert({{"cgroup.events", "populated 0\nfrozen 0\n"},
                      {"cgroup.freeze", "0"},
                      {"cgroup.kill", ""},
                      {"cgroup.controllers", ""},
                      {"cgroup.subtree_control", ""},
                      {"cpu.stat", "usage_usec 25\nuser_usec 20\n"}});
        tree->files[{index, "cgroup.subtree_control"}] = "";
      }
      for (const std::string& name : hierarchies.all()[i].controllers) AddFiles(index, name);
    }
    tree->on_write = [this](const FakeTree::Place& place, const std::string& value) { OnWrite(place, value); };
  }

  void AddFiles(int index, const std::string& name) {
    auto& files = tree->templates[index];
    const bool v1 = hierarchies.all()[index].version == 1;
    if (name == "memory" && v1) {
      files.insert({{"memory.limit_in_bytes", "9223372036854771712\n"},
                    {"memory.soft_limit_in_bytes", "9223372036854771712\n"},
                    {"memory.usage_in_bytes", "4096\n"},
                    {"memory.max_usage_in_bytes", "8192\n"},
                    {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"}});
    }
    if (name == "memory" && !v1) {
      files.insert({{"memory.max", "max\n"},
                    {"memory.low", "0\n"},
                    {"memory.swap.max", "max\n"},
                    {"memory.current", "4096\n"},
                    {"memory.events", "low 0\noom 4\noom_kill 3\noom_group_kill 0\n"}});
    }
    if (name == "cpu") {
      if (v1) files.insert({{"cpu.shares", "1024"}, {"cpu.cfs_period_us", "100000\n"}, {"cpu.cfs_quota_us", "-1"}});
      if (!v1) files.insert({{"cpu.weight", "100"}, {"cpu.max", "max 100000"}});
    }
    if (name == "cpuacct" && v1) files["cpuacct.usage"] = "25000\n";
    if (name == "pids") files.insert({{"pids.max", "max\n"}, {"pids.current", "2\n"}});
    if (name == "freezer" && v1) files["freezer.state"] = "THAWED\n";
    if (name == "cpuset" && v1) {
      files.insert({{"cpuset.cpus", "\n"}, {"cpuset.mems", "\n"}});
      tree->files[{index, "cpuset.cpus"}] = "0-3\n";
      tree->files[{index, "cpuset.mems"}] = "0\n";
    }
  }

  // What the kernel does on a write.
  void OnWrite(const FakeTree::Place& place, const std::string& value) {
    const auto& [hierarchy, path] = place;
    const std::string group = path.substr(0, path.rfind('/'));
    if (path.ends_with("/cgroup.freeze") && !slow_freeze) {
      tree->files[{hierarchy, group + "/cgroup.events"}] = "populated 1\nfrozen " + value + "\n";
    }
    if (path.ends_with("/freezer.state") && slow_freeze && value == "FROZEN") tree->files[place] = "FREEZING\n";
    if (path.ends_with("cgroup.subtree_control")) {
      const std::string prefix = group == path ? "" : group + "/";
      for (const auto& directory : tree->directories) {
        if (directory.second.starts_with(prefix) && directory.second.find('/', prefix.size()) == std::string::npos) {
          std::string& enabled = tree->files[{hierarchy, directory.second + "/cgroup.controllers"}];
          for (absl::string_view name : absl::StrSplit(value, ' ')) absl::StrAppend(&enabled, name.substr(1), " ");
        }
      }
    }
  }

  int IndexOf(Controller controller) const { return hierarchies.Find(controller).hierarchy; }
  std::string& File(Controller controller, const std::string& path) { return tree->files[{IndexOf(controller), path}]; }
  bool Wrote(const std::string& entry) const {
    return std::find(tree->writes.begin(), tree->writes.end(), entry) != tree->writes.end();
  }

  std::shared_ptr<FakeTree> tree = std::make_shared<FakeTree>();
  Hierarchies hierarchies;
  bool slow_freeze = false;
};

TEST_CASE("A group is made in every used hierarchy and removed from them again") {
  for (const auto& texts : {test_hosts::Hybrid(), test_hosts::Unified(), test_hosts::Legacy()}) {
    Host host(texts);
    INFO(host.hierarchies.Describe());
    auto group = Group::Create(host.hierarchies, "/machine", "web1");
    REQUIRE(group.ok());
    CHECK(group->path() == "machine/web1");
    for (int hierarchy : host.hierarchies.used()) CHECK(host.tree->directories.count({hierarchy, "machine/web1"}));
    CHECK(Group::Open(host.hierarchies, "/machine", "web1").ok());
    REQUIRE(group->Remove().ok());
    for (int hierarchy : host.hierarchies.used()) {
      CHECK_FALSE(host.tree->directories.count({hierarchy, "machine/web1"}));
    }
    CHECK(group->Remove().ok());
    CHECK(absl::IsNotFound(Group::Open(host.hierarchies, "/machine", "web1").status()));
  }
}

TEST_CASE("On v2 the controllers are enabled down the path, once") {
  Host host(test_hosts::Unified());
  auto first = Group::Create(host.hierarchies, "/machine/blue", "a");
  REQUIRE(first.ok());
  std::vector<std::string> expected;
  for (const char* group : {"", "machine/", "machine/blue/"}) {
    for (const char* value : {"+memory +cpu +pids", "+cpuset", "+io", "+hugetlb"}) {
      expected.push_back(absl::StrCat("0:", group, "cgroup.subtree_control=", value));
    }
  }
  CHECK(host.tree->writes == expected);
}

TEST_CASE("Controllers are enabled from where the tree is delegated on") {
  Host host(test_hosts::Unified());
  REQUIRE(host.tree->MakeDirectory(0, "machine.slice") == 0);
  REQUIRE(host.tree->MakeDirectory(0, "machine.slice/a.scope") == 0);
  REQUIRE(Group::Create(host.hierarchies, "/machine.slice/a.scope", "guest", "machine.slice/a.scope").ok());
  REQUIRE_FALSE(host.tree->writes.empty());
  for (const std::string& write : host.tree->writes) {
    CHECK_THAT(write, Catch::Matchers::StartsWith("0:machine.slice/a.scope/cgroup.subtree_control="));
  }
}

TEST_CASE("A failure to enable a controller names the file and leaves no group") {
  Host host(test_hosts::Unified());
  host.tree->errors[{"write", {0, "machine/cgroup.subtree_control"}}] = EBUSY;
  const auto group = Group::Create(host.hierarchies, "/machine", "a");
  REQUIRE_FALSE(group.ok());
  CHECK_THAT(std::string(group.status().message()), Contains("unified hierarchy") && Contains("+memory +cpu +pids") &&
                                                        Contains("/sys/fs/cgroup/machine/cgroup.subtree_control"));
  CHECK_FALSE(host.tree->directories.count({0, "machine/a"}));
}

TEST_CASE("A v1 cpuset that comes along is filled from the parent, all the way down") {
  auto texts = test_hosts::Legacy();
  texts.mountinfo = "33 25 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuset\n";
  Host host(texts);
  REQUIRE(Group::Create(host.hierarchies, "/machine", "a").ok());
  CHECK(host.File(Controller::kCpu, "machine/cpuset.cpus") == "0-3");
  CHECK(host.File(Controller::kCpu, "machine/a/cpuset.cpus") == "0-3");
  CHECK(host.File(Controller::kCpu, "machine/a/cpuset.mems") == "0");
}

TEST_CASE("A failure in one hierarchy removes the group from the others") {
  Host host(test_hosts::Hybrid());
  host.tree->errors[{"mkdir", {host.IndexOf(Controller::kPids), "machine/a"}}] = ENOSPC;
  const auto group = Group::Create(host.hierarchies, "/machine", "a");
  REQUIRE_FALSE(group.ok());
  CHECK_THAT(std::string(group.status().message()), Contains("controller pids") && Contains("No space left"));
  for (const auto& directory : host.tree->directories) CHECK(directory.second == "machine");
}

TEST_CASE("A group that is there already is not touched") {
  Host host(test_hosts::Hybrid());
  REQUIRE(Group::Create(host.hierarchies, "/machine", "a").ok());
  const auto before = host.tree->directories;
  CHECK(absl::IsAlreadyExists(Group::Create(host.hierarchies, "/machine", "a").status()));
  CHECK(host.tree->directories == before);
}

TEST_CASE("Limits are written in each version's terms") {
  SECTION("v1") {
    Host host(test_hosts::Hybrid());
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    REQUIRE(SetMemoryLimit(*group, 64 << 20).ok());
    CHECK(host.File(Controller::kMemory, "machine/a/memory.limit_in_bytes") == "67108864");
    REQUIRE(SetMemoryLimit(*group, 0).ok());
    CHECK(host.File(Controller::kMemory, "machine/a/memory.limit_in_bytes") == "-1");
    REQUIRE(SetCpuShares(*group, 512).ok());
    CHECK(host.File(Controller::kCpu, "machine/a/cpu.shares") == "512");
    REQUIRE(SetCpuQuota(*group, 50000, -3).ok());
    CHECK(host.File(Controller::kCpu, "machine/a/cpu.cfs_period_us") == "50000");
    CHECK(host.File(Controller::kCpu, "machine/a/cpu.cfs_quota_us") == "-1");
  }
  SECTION("v2") {
    Host host(test_hosts::Unified());
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    REQUIRE(SetMemoryLimit(*group, 64 << 20).ok());
    CHECK(host.File(Controller::kMemory, "machine/a/memory.max") == "67108864");
    REQUIRE(SetMemorySwapLimit(*group, 96 << 20).ok());
    CHECK(host.File(Controller::kMemory, "machine/a/memory.swap.max") == "33554432");
    CHECK(absl::IsInvalidArgument(SetMemorySwapLimit(*group, 1 << 20)));
    REQUIRE(SetMemorySoftLimit(*group, 0).ok());
    CHECK(host.File(Controller::kMemory, "machine/a/memory.low") == "0");
    REQUIRE(SetCpuQuota(*group, 100000, 25000).ok());
    CHECK(host.File(Controller::kCpu, "machine/a/cpu.max") == "25000 100000");
    REQUIRE(SetTasksLimit(*group, 100).ok());
    CHECK(host.File(Controller::kPids, "machine/a/pids.max") == "100");
  }
}

TEST_CASE("Shares become weights as OCI runtimes do it") {
  CHECK(WeightFromShares(2) == 1);
  CHECK(WeightFromShares(1024) == 39);
  CHECK(WeightFromShares(262144) == 10000);
  CHECK(WeightFromShares(0) == 1);
  CHECK(WeightFromShares(~uint64_t{0}) == 10000);
}

TEST_CASE("An error names controller, file and value; a missing controller says why") {
  Host host(test_hosts::Hybrid());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  host.tree->errors[{"write", {host.IndexOf(Controller::kCpu), "machine/a/cpu.shares"}}] = EINVAL;
  CHECK_THAT(std::string(SetCpuShares(*group, 1).message()),
             Contains("controller cpu: write \"1\" to /sys/fs/cgroup/cpu/machine/a/cpu.shares: Invalid argument"));
  auto texts = test_hosts::Unified();
  texts.unified_controllers = "cpu pids";
  Host poor(texts);
  auto other = Group::Create(poor.hierarchies, "/machine", "a");
  REQUIRE(other.ok());
  CHECK(absl::IsFailedPrecondition(SetMemoryLimit(*other, 4096)));
  CHECK(other->Statistics()->memory_bytes == 0);
}

TEST_CASE("Statistics are the same on v1 and v2") {
  for (const auto& texts : {test_hosts::Hybrid(), test_hosts::Unified()}) {
    Host host(texts);
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    const auto usage = group->Statistics();
    REQUIRE(usage.ok());
    CHECK(usage->cpu_time_ns == 25000);
    CHECK(usage->memory_bytes == 4096);
    CHECK(usage->memory_limit_bytes == 0);
    CHECK(usage->tasks == 2);
    CHECK(usage->out_of_memory_kills == 3);
  }
}

TEST_CASE("Freezing by v2 waits for the event") {
  Host host(test_hosts::Unified());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  host.slow_freeze = true;
  SECTION("that comes") {
    host.tree->on_wait = [&] { host.tree->files[{0, "machine/a/cgroup.events"}] = "populated 1\nfrozen 1\n"; };
    REQUIRE(group->Freeze().ok());
    CHECK(*group->IsFrozen());
    host.slow_freeze = false;
    REQUIRE(group->Thaw().ok());
    CHECK_FALSE(*group->IsFrozen());
  }
  SECTION("that doesn't: thawed again") {
    CHECK(absl::IsDeadlineExceeded(group->Freeze(absl::Milliseconds(3))));
    CHECK(host.tree->files[{0, "machine/a/cgroup.freeze"}] == "0");
  }
}

TEST_CASE("What is thawed may end at once, and its group with it") {
  Host host(test_hosts::Unified());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  REQUIRE(group->Freeze().ok());
  host.slow_freeze = true;
  bool waited = false;
  host.tree->on_wait = [&] {
    waited = true;
    host.tree->files.erase({0, "machine/a/cgroup.events"});
  };
  CHECK(group->Thaw().ok());
  CHECK(waited);
  // One that was gone before could not be thawed.
  host.tree->files.erase({0, "machine/a/cgroup.freeze"});
  CHECK(absl::IsNotFound(group->Thaw()));
}

TEST_CASE("Freezing by v1 asks again until nothing is left to freeze") {
  Host host(test_hosts::Legacy());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  host.slow_freeze = true;
  int looks = 0;
  host.tree->on_wait = [&] {
    if (++looks == 3) host.File(Controller::kFreezer, "machine/a/freezer.state") = "FROZEN\n";
  };
  REQUIRE(group->Freeze().ok());
  CHECK(looks == 3);
  CHECK(*group->IsFrozen());
}

TEST_CASE("Killing uses cgroup.kill, or kills frozen processes one by one") {
  SECTION("cgroup.kill") {
    Host host(test_hosts::Hybrid());
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    REQUIRE(group->Kill().ok());
    CHECK(host.Wrote(absl::StrCat(host.hierarchies.unified(), ":machine/a/cgroup.kill=1")));
    CHECK(host.tree->signals.empty());
  }
  SECTION("a kernel without cgroup.kill") {
    Host host(test_hosts::Unified());
    host.tree->templates[0].erase("cgroup.kill");
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    host.tree->files[{0, "machine/a/cgroup.procs"}] = "12\n7\n";
    REQUIRE(group->Kill().ok());
    CHECK(host.tree->signals == std::vector<std::pair<pid_t, int>>{{7, SIGKILL}, {12, SIGKILL}});
    CHECK(host.tree->files[{0, "machine/a/cgroup.freeze"}] == "0");
  }
  SECTION("v1, with a group below") {
    Host host(test_hosts::Legacy());
    auto group = Group::Create(host.hierarchies, "/machine", "a");
    const int freezer = host.IndexOf(Controller::kFreezer);
    REQUIRE(host.tree->MakeDirectory(freezer, "machine/a/inner") == 0);
    host.tree->files[{freezer, "machine/a/cgroup.procs"}] = "7\n";
    host.tree->files[{freezer, "machine/a/inner/cgroup.procs"}] = "8\n";
    REQUIRE(group->Kill().ok());
    CHECK(host.tree->signals.size() == 2);
    CHECK(host.tree->files[{freezer, "machine/a/freezer.state"}] == "THAWED");
  }
}

TEST_CASE("Removing takes groups below along and waits for ending processes") {
  Host host(test_hosts::Hybrid());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  const int pids = host.IndexOf(Controller::kPids);
  REQUIRE(host.tree->MakeDirectory(pids, "machine/a/inner") == 0);
  REQUIRE(host.tree->MakeDirectory(pids, "machine/a/inner/deep") == 0);
  host.tree->files[{pids, "machine/a/inner/deep/cgroup.procs"}] = "99\n";
  SECTION("that end") {
    host.tree->on_wait = [&] { host.tree->files[{pids, "machine/a/inner/deep/cgroup.procs"}] = ""; };
    REQUIRE(group->Remove().ok());
    CHECK(host.tree->pauses == 1);
    CHECK_FALSE(host.tree->directories.count({pids, "machine/a"}));
  }
  SECTION("that don't: named, and the rest is gone; a second try does it") {
    const absl::Status status = group->Remove(absl::Milliseconds(3));
    CHECK(absl::IsDeadlineExceeded(status));
    CHECK_THAT(std::string(status.message()), Contains("controller pids") && Contains("processes 99"));
    CHECK_FALSE(host.tree->directories.count({host.IndexOf(Controller::kMemory), "machine/a"}));
    host.tree->files[{pids, "machine/a/inner/deep/cgroup.procs"}] = "";
    CHECK(group->Remove().ok());
  }
}

TEST_CASE("Waiting for the end of all processes") {
  Host host(test_hosts::Unified());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  host.tree->files[{0, "machine/a/cgroup.events"}] = "populated 1\nfrozen 0\n";
  host.tree->files[{0, "machine/a/cgroup.procs"}] = "5\n";
  CHECK(absl::IsDeadlineExceeded(group->AwaitEmpty(absl::Milliseconds(2))));
  host.tree->on_wait = [&] {
    host.tree->files[{0, "machine/a/cgroup.events"}] = "populated 0\nfrozen 0\n";
    host.tree->files[{0, "machine/a/cgroup.procs"}] = "";
  };
  CHECK(group->AwaitEmpty(absl::Seconds(1)).ok());
}

TEST_CASE("Attaching needs the v2 directory and the v1 files") {
  Host host(test_hosts::Hybrid());
  auto group = Group::Create(host.hierarchies, "/machine", "a");
  const auto targets = group->Targets();
  REQUIRE(targets.ok());
  CHECK(targets->v1_tasks.size() == 5);
  CHECK(targets->v1_tasks[0] == "/sys/fs/cgroup/memory/machine/a/tasks");
}

}  // namespace
}  // namespace reeve::cgroups
