#include "drivers/node/topology.h"

#include <catch2/catch.hpp>

#include "drivers/node/fake_tree.h"

namespace reeve::node {
namespace {

struct Shape {
  uint32_t cpus, cells, sockets, cores, threads;
  bool operator==(const Shape&) const = default;
};

Shape Read(const FakeTree& tree) {
  const auto topology = ReadTopology(tree.Path("sys/devices/system"));
  REQUIRE(topology.ok());
  return {topology->cpus, topology->numa_cells, topology->sockets_per_cell, topology->cores_per_socket,
          topology->threads_per_core};
}

TEST_CASE("two cells with one socket of two cores with two threads each") {
  FakeTree tree;
  tree.Write("sys/devices/system/cpu/online", "0-7");
  tree.Write("sys/devices/system/node/online", "0-1");
  tree.Write("sys/devices/system/node/node0/cpulist", "0-1,4-5");
  tree.Write("sys/devices/system/node/node1/cpulist", "2-3,6-7");
  for (int cpu = 0; cpu < 8; ++cpu) tree.Cpu(cpu, cpu / 2 % 2, cpu % 2);
  CHECK(Read(tree) == Shape{8, 2, 1, 2, 2});
}

TEST_CASE("cores of different dies are different though their numbers are equal") {
  FakeTree tree;
  tree.Write("sys/devices/system/cpu/online", "0-3");
  for (int cpu = 0; cpu < 4; ++cpu) tree.Cpu(cpu, 0, cpu % 2, cpu / 2);
  CHECK(Read(tree) == Shape{4, 1, 1, 4, 1});
}

TEST_CASE("an irregular host is given as one socket of cores") {
  FakeTree tree;
  tree.Write("sys/devices/system/cpu/online", "0-2");
  tree.Cpu(0, 0, 0);
  tree.Cpu(1, 0, 0);
  tree.Cpu(2, 0, 1);  // its second thread is offline
  CHECK(Read(tree) == Shape{3, 1, 1, 3, 1});
}

TEST_CASE("cells without CPUs do not count") {
  FakeTree tree;
  tree.Write("sys/devices/system/cpu/online", "0-1");
  tree.Write("sys/devices/system/node/online", "0-1");
  tree.Write("sys/devices/system/node/node0/cpulist", "0-1");
  tree.Write("sys/devices/system/node/node1/cpulist", "");
  tree.Cpu(0, 0, 0);
  tree.Cpu(1, 0, 1);
  CHECK(Read(tree) == Shape{2, 1, 1, 2, 1});
}

TEST_CASE("without topology files every CPU is a core") {
  FakeTree tree;
  tree.Write("sys/devices/system/cpu/online", "0-1");
  CHECK(Read(tree) == Shape{2, 1, 1, 2, 1});
}

TEST_CASE("no list of CPUs, or none that can be understood, is an error") {
  FakeTree tree;
  CHECK_FALSE(ReadTopology(tree.Path("sys/devices/system")).ok());
  tree.Write("sys/devices/system/cpu/online", "all");
  CHECK_FALSE(ReadTopology(tree.Path("sys/devices/system")).ok());
  tree.Write("sys/devices/system/cpu/online", "");
  CHECK_FALSE(ReadTopology(tree.Path("sys/devices/system")).ok());
}

}  // namespace
}  // namespace reeve::node
