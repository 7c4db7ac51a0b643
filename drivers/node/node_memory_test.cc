#include "drivers/node/node_memory.h"

#include <unistd.h>

#include "drivers/node/fake_tree.h"
#include "drivers/node/node_statistics.h"

namespace reeve::node {
namespace {

struct Fixture {
  Fixture() {
    tree.Write("proc/meminfo",
               "MemTotal: 1000 kB\nMemFree: 200 kB\nMemAvailable: 600 kB\nBuffers: 30 kB\nCached: 400 kB\n"
               "SwapCached: 1 kB\nSwapTotal: 50 kB\nSwapFree: 40 kB\nHugePages_Total: 3");
    tree.Write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3");
    tree.Write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1");
  }
  FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "the memory of a host") {
  const auto memory = ReadMemory(tree.sources());
  REQUIRE(memory.ok());
  CHECK(memory->total_kib() == 1000);
  CHECK(memory->free_kib() == 200);
  CHECK(memory->available_kib() == 600);
  CHECK(memory->buffers_kib() == 30);
  CHECK(memory->cached_kib() == 400);
  CHECK(memory->swap_total_kib() == 50);
  CHECK(memory->swap_free_kib() == 40);
  tree.Write("proc/meminfo", "MemTotal: 1000 kB");
  CHECK_THAT(std::string(ReadMemory(tree.sources()).status().message()), Catch::Contains("meminfo has no MemFree"));
}

TEST_CASE_METHOD(Fixture, "a kernel without NUMA has one cell with all of the memory") {
  const auto cells = ReadCells(tree.sources());
  REQUIRE(cells.ok());
  REQUIRE(cells->size() == 1);
  const v1::CellMemory& cell = cells->front().memory;
  CHECK(cell.cell() == 0);
  CHECK(cell.total_kib() == 1000);
  CHECK(cell.free_kib() == 200);
  REQUIRE(cell.huge_pages_size() == 1);
  CHECK(cell.huge_pages(0).size_kib() == 2048);
  CHECK(cell.huge_pages(0).total() == 3);
  CHECK(cell.huge_pages(0).free() == 1);
}

TEST_CASE_METHOD(Fixture, "NUMA cells come in the order of their numbers, as do sizes of pages") {
  for (const int number : {10, 2}) {
    const std::string cell = absl::StrCat("sys/devices/system/node/node", number);
    tree.Write(cell + "/meminfo", absl::StrCat("Node ", number, " MemTotal:   ", number, "00 kB\nNode ", number,
                                               " MemFree: ", number, " kB"));
    for (const int size : {1048576, 2048}) {
      tree.Write(absl::StrCat(cell, "/hugepages/hugepages-", size, "kB/nr_hugepages"), "7");
      tree.Write(absl::StrCat(cell, "/hugepages/hugepages-", size, "kB/free_hugepages"), "6");
    }
  }
  tree.Write("sys/devices/system/node/online", "2,10");
  const auto cells = ReadCells(tree.sources());
  REQUIRE(cells.ok());
  REQUIRE(cells->size() == 2);
  CHECK((*cells)[0].memory.cell() == 2);
  CHECK((*cells)[0].memory.total_kib() == 200);
  CHECK((*cells)[1].memory.cell() == 10);
  CHECK((*cells)[1].memory.free_kib() == 10);
  CHECK((*cells)[1].memory.page_kib() * 1024 == sysconf(_SC_PAGESIZE));
  REQUIRE((*cells)[1].memory.huge_pages_size() == 2);
  CHECK((*cells)[1].memory.huge_pages(0).size_kib() == 2048);
  CHECK((*cells)[1].memory.huge_pages(1).size_kib() == 1048576);
  tree.Write("sys/devices/system/node/node2/hugepages/hugepages-2048kB/free_hugepages", "some");
  CHECK_THAT(std::string(ReadCells(tree.sources()).status().message()), Catch::Contains("free_hugepages"));
}

TEST_CASE("the statistics of this host agree with themselves") {
  const auto statistics = ReadNodeStatistics();
  REQUIRE(statistics.ok());
  CHECK(statistics->memory().total_kib() >= statistics->memory().free_kib());
  uint64_t of_cells = 0;
  for (const v1::CellMemory& cell : statistics->cells()) of_cells += cell.total_kib();
  CHECK(of_cells > 0);
}

}  // namespace
}  // namespace reeve::node
