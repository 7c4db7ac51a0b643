#include "drivers/node/control_groups.h"

#include <catch2/catch.hpp>
#include <memory>

#include "cgroups/fake_tree.h"
#include "cgroups/test_hosts.h"

namespace reeve::node {
namespace {

using cgroups::FakeTree;
using cgroups::Hierarchies;
namespace test_hosts = cgroups::test_hosts;

const v1::ControlGroupController& Find(const v1::ControlGroups& groups, const std::string& name) {
  for (const auto& controller : groups.controllers()) {
    if (controller.name() == name) return controller;
  }
  FAIL("no controller " << name);
  return groups.controllers(0);
}

std::vector<std::string> Files(const v1::ControlGroups& groups, const std::string& name) {
  const auto& files = Find(groups, name).files();
  return {files.begin(), files.end()};
}

TEST_CASE("A v2 host has the files of the daemon's own group") {
  const auto tree = std::make_shared<FakeTree>();
  const auto texts = test_hosts::Unified();
  const std::string own = "user.slice/session-1.scope/";
  for (const char* file :
       {"cpu.stat", "cpu.max", "memory.max", "memory.low", "io.max", "cgroup.kill", "cgroup.freeze"}) {
    tree->files[{0, own + file}] = "";
  }
  tree->files[{0, own + "below/memory.high"}] = "";
  tree->directories.insert({0, "user.slice/session-1.scope"});
  const auto groups = DescribeControlGroups(*Hierarchies::Create(texts, tree), texts.self_cgroup, "/nowhere");
  CHECK(groups.mode() == "v2");
  CHECK(groups.controllers_size() == cgroups::kControllers);
  CHECK(Find(groups, "memory").version() == 2);
  CHECK(Find(groups, "memory").mount_point() == "/sys/fs/cgroup");
  CHECK(Find(groups, "memory").mounted_with_size() == 0);
  CHECK(Files(groups, "memory") == std::vector<std::string>{"memory.low", "memory.max"});
  CHECK(Files(groups, "cpu") == std::vector<std::string>{"cpu.max", "cpu.stat"});
  CHECK(Files(groups, "cpuacct") == std::vector<std::string>{"cpu.stat"});
  CHECK(Files(groups, "blkio") == std::vector<std::string>{"io.max"});
  CHECK(Files(groups, "freezer") == std::vector<std::string>{"cgroup.freeze", "cgroup.kill"});
  CHECK(Find(groups, "net_cls").version() == 0);
  CHECK(Find(groups, "net_cls").missing_reason().find("version 2 does not know it") != std::string::npos);
  CHECK(groups.pressures_size() == 0);
  CHECK(groups.no_pressure_reason().find("/nowhere/pressure") != std::string::npos);
}

TEST_CASE("A v1 host tells what is mounted together; the first group shows the files where the daemon is in the root") {
  const auto tree = std::make_shared<FakeTree>();
  const auto texts = test_hosts::Legacy();
  const auto hierarchies = Hierarchies::Create(texts, tree);
  REQUIRE(hierarchies.ok());
  const int cpu = hierarchies->Find(cgroups::Controller::kCpu).hierarchy;
  tree->directories.insert({cpu, ""});
  tree->directories.insert({cpu, "machine"});
  tree->files[{cpu, "machine/cpu.shares"}] = "1024";
  tree->files[{cpu, "cpu.other"}] = "";
  const auto groups = DescribeControlGroups(*hierarchies, texts.self_cgroup, "/nowhere");
  CHECK(groups.mode() == "v1");
  REQUIRE(Find(groups, "cpu").mounted_with_size() == 1);
  CHECK(Find(groups, "cpu").mounted_with(0) == "cpuacct");
  CHECK(Files(groups, "cpu") == std::vector<std::string>{"cpu.shares"});
}

}  // namespace
}  // namespace reeve::node
