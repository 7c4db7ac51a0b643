#include "cgroups/devices.h"

#include <linux/bpf.h>

#include <catch2/catch.hpp>
#include <memory>

#include "cgroups/device_program.h"
#include "cgroups/fake_tree.h"
#include "cgroups/test_hosts.h"

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;
using Type = DeviceRule::Type;

DeviceRules Rules(const std::vector<const char*>& texts) {
  DeviceRules rules;
  for (const char* text : texts) REQUIRE(rules.Add(*ParseDeviceRule(text)).ok());
  return rules;
}

TEST_CASE("v1 is told what differs, the new first") {
  auto texts = test_hosts::Hybrid();
  texts.device_programs = false;
  const auto tree = std::make_shared<FakeTree>();
  const Location group = {*Hierarchies::Create(texts, tree), "machine/a"};
  const int devices = group.hierarchies.Find(Controller::kDevices).hierarchy;
  tree->files[{devices, "machine/a/devices.allow"}] = "";
  tree->files[{devices, "machine/a/devices.deny"}] = "";
  std::string& list = tree->files[{devices, "machine/a/devices.list"}];
  const auto written = [&] {
    std::vector<std::string> lines;
    for (const std::string& write : tree->writes) lines.push_back(write.substr(write.rfind("devices.")));
    tree->writes.clear();
    return lines;
  };

  list = "a *:* rwm\n";
  REQUIRE(SetDeviceRules(group, Rules({"c 1:3 rwm", "c 5:* rw"})).ok());
  CHECK(written() == std::vector<std::string>{"devices.deny=a", "devices.allow=c 1:3 rwm", "devices.allow=c 5:* rw"});

  list = "c 1:3 rwm\nc 5:* rw\n";
  REQUIRE(SetDeviceRules(group, Rules({"c 1:3 r", "c 5:* rwm", "b 7:0 r"})).ok());
  CHECK(written() ==
        std::vector<std::string>{"devices.allow=c 5:* m", "devices.allow=b 7:0 r", "devices.deny=c 1:3 wm"});

  list = "c 1:3 rwm\n";
  REQUIRE(SetDeviceRules(group, Rules({"c 1:3 rwm"})).ok());
  CHECK(written().empty());

  SECTION("what the kernel refuses is named") {
    tree->errors[{"write", {devices, "machine/a/devices.allow"}}] = EPERM;
    CHECK_THAT(std::string(SetDeviceRules(group, Rules({"b 8:0 r"})).message()),
               Contains("controller devices: write \"b 8:0 r\" to /sys/fs/cgroup/devices/machine/a/devices.allow"));
  }
  SECTION("a list that cannot be read") {
    list = "c one:3 rwm\n";
    CHECK_THAT(std::string(SetDeviceRules(group, {}).message()), Contains("devices.list") && Contains("one:3"));
  }
}

TEST_CASE("v2 gets a program") {
  const auto tree = std::make_shared<FakeTree>();
  const Location group = {*Hierarchies::Create(test_hosts::Unified(), tree), "a"};
  CHECK_THAT(std::string(SetDeviceRules(group, {}).message()),
             Contains("controller devices: attach a program of 0 rules to /sys/fs/cgroup/a: No such file"));
  REQUIRE(tree->MakeDirectory(0, "a") == 0);
  REQUIRE(SetDeviceRules(group, Rules({"c 1:3 rwm"})).ok());
  const auto denies_all = BuildDeviceProgram({});
  CHECK(tree->programs[{0, "a"}].size() > denies_all.size());
}

// What the program gives for one access, by an interpreter of the few instructions that it has.
int Run(const std::vector<bpf_insn>& program, uint32_t type, uint32_t access, uint32_t major, uint32_t minor) {
  const uint32_t context[] = {type | access << 16, major, minor};
  uint64_t registers[16] = {};
  for (size_t i = 0; i < program.size(); ++i) {
    const bpf_insn& in = program[i];
    uint64_t& to = registers[in.dst_reg];
    const uint64_t from = registers[in.src_reg];
    switch (in.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        to = context[in.off / 4];
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        to = static_cast<uint32_t>(from);
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        to = static_cast<uint64_t>(static_cast<int64_t>(in.imm));
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        to = static_cast<uint32_t>(to) & static_cast<uint32_t>(in.imm);
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        to = static_cast<uint32_t>(to) >> in.imm;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        if (to != static_cast<uint64_t>(static_cast<int64_t>(in.imm))) i += static_cast<size_t>(in.off);
        break;
      case BPF_JMP | BPF_JNE | BPF_X:
        if (to != from) i += static_cast<size_t>(in.off);
        break;
      case BPF_JMP32 | BPF_JNE | BPF_K:
        if (static_cast<uint32_t>(to) != static_cast<uint32_t>(in.imm)) i += static_cast<size_t>(in.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return static_cast<int>(registers[0]);
      default:
        FAIL("instruction " << static_cast<int>(in.code));
    }
  }
  FAIL("the program has no end");
  return -1;
}

TEST_CASE("The program allows what a rule allows as a whole") {
  const auto program = BuildDeviceProgram(Rules({"c 1:3 rw", "c 136:* rwm", "b *:* m", "b 4294967295:7 r"}));
  constexpr uint32_t kC = BPF_DEVCG_DEV_CHAR, kB = BPF_DEVCG_DEV_BLOCK;
  constexpr uint32_t kM = BPF_DEVCG_ACC_MKNOD, kR = BPF_DEVCG_ACC_READ, kW = BPF_DEVCG_ACC_WRITE;
  CHECK(Run(program, kC, kR, 1, 3) == 1);
  CHECK(Run(program, kC, kR | kW, 1, 3) == 1);
  CHECK(Run(program, kC, kM, 1, 3) == 0);
  CHECK(Run(program, kC, kR | kM, 1, 3) == 0);
  CHECK(Run(program, kC, kR, 1, 5) == 0);
  CHECK(Run(program, kB, kR, 1, 3) == 0);
  CHECK(Run(program, kC, kR | kW | kM, 136, 77) == 1);
  CHECK(Run(program, kB, kM, 8, 0) == 1);
  CHECK(Run(program, kB, kM | kW, 8, 0) == 0);
  CHECK(Run(program, kB, kR, 4294967295, 7) == 1);
  CHECK(Run(program, kB, kR, 4294967294, 7) == 0);
  CHECK(Run(BuildDeviceProgram({}), kC, kR, 1, 3) == 0);
}

}  // namespace
}  // namespace reeve::cgroups
