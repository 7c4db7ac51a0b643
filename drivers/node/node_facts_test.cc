#include "drivers/node/node_facts.h"

#include <catch2/catch.hpp>

#include "drivers/node/fake_tree.h"

namespace reeve::node {
namespace {

struct Fixture {
  Fixture() {
    tree.Write("proc/sys/kernel/hostname", "node1");
    tree.Write("proc/sys/kernel/osrelease", "6.1.0-test");
    tree.Write("proc/meminfo", "MemTotal:       24576000 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB");
    tree.Write("proc/uptime", "12345.67 20000.00");
    tree.Write("proc/cpuinfo", "processor\t: 0\nmodel name\t: cpu MHz : none\ncpu MHz\t\t: 2596.130\ncpu MHz\t: 99");
    tree.Write("sys/devices/system/cpu/online", "0");
    tree.Cpu(0, 0, 0);
  }
  absl::StatusOr<v1::Node> Read() const { return ReadNode(tree.sources()); }
  FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "all facts of a host") {
  const auto node = Read();
  REQUIRE(node.ok());
  CHECK(node->hostname() == "node1");
  CHECK(node->cpu_model() == "riscv64");
  CHECK(node->memory_kib() == 24576000);
  CHECK(node->memory_available_kib() == 20000000);
  CHECK(node->cpus() == 1);
  CHECK(node->cpu_mhz() == 2596);
  CHECK(node->numa_cells() * node->sockets_per_cell() * node->cores_per_socket() * node->threads_per_core() == 1);
  CHECK(node->uptime_seconds() == 12345);
  CHECK(node->kernel() == "6.1.0-test");
}

TEST_CASE_METHOD(Fixture, "the frequency comes from cpufreq where cpuinfo has none, else it is 0") {
  tree.Write("proc/cpuinfo", "processor\t: 0");
  CHECK(Read()->cpu_mhz() == 0);
  tree.Write("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "1800000");
  CHECK(Read()->cpu_mhz() == 1800);
  tree.Remove("proc/cpuinfo");
  CHECK(Read()->cpu_mhz() == 1800);
}

TEST_CASE_METHOD(Fixture, "an error names the file") {
  const auto message = [&] { return std::string(Read().status().message()); };
  tree.Write("proc/uptime", "soon");
  CHECK_THAT(message(), Catch::Contains("proc/uptime"));
  tree.Write("proc/uptime", "-5 1");
  CHECK_THAT(message(), Catch::Contains("proc/uptime"));
  tree.Write("proc/uptime", "1 1");
  tree.Write("proc/meminfo", "MemTotal: 5 kB\nMemAvailable: many kB");
  CHECK_THAT(message(), Catch::Contains("MemAvailable"));
  tree.Write("proc/meminfo", "MemTotal: 5 MB");
  CHECK_THAT(message(), Catch::Contains("MemTotal"));
  tree.Remove("proc/sys/kernel/hostname");
  CHECK_THAT(message(), Catch::Contains("proc/sys/kernel/hostname"));
}

TEST_CASE("this host can be read") {
  const auto node = ReadNode();
  REQUIRE(node.ok());
  CHECK(node->cpus() > 0);
  CHECK(node->memory_kib() >= node->memory_available_kib());
  CHECK_FALSE(node->cpu_model().empty());
}

}  // namespace
}  // namespace reeve::node
