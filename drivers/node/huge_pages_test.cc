#include "drivers/node/huge_pages.h"

#include "drivers/node/fake_tree.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr char kPages[] = "sys/devices/system/node/node1/hugepages/hugepages-2048kB/";

// Two cells of 100 MiB, of which the second has huge pages.
struct Fixture {
  Fixture() {
    for (const int number : {0, 1}) {
      tree.Write(absl::StrCat("sys/devices/system/node/node", number, "/meminfo"),
                 absl::StrCat("Node ", number, " MemTotal: 102400 kB\nNode ", number, " MemFree: 1 kB"));
    }
    tree.Write(absl::StrCat(kPages, "nr_hugepages"), "5");
    tree.Write(absl::StrCat(kPages, "free_hugepages"), "4");
  }
  absl::StatusOr<v1::HugePages> Allocate(uint64_t count, bool add, uint64_t size = 2048, uint32_t cell = 1) const {
    v1::AllocateHugePagesRequest request;
    request.set_size_kib(size);
    request.set_count(count);
    request.set_add(add);
    request.set_cell(cell);
    return AllocateHugePages(tree.sources(), request);
  }
  std::string Written() const { return *util::ReadFile(tree.Path(absl::StrCat(kPages, "nr_hugepages"))); }
  FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "so many in all, or so many more") {
  const auto fewer = Allocate(2, false);
  REQUIRE(fewer.ok());
  CHECK(fewer->total() == 2);
  CHECK(fewer->free() == 4);
  const auto more = Allocate(3, true);
  REQUIRE(more.ok());
  CHECK(more->total() == 5);
}

TEST_CASE_METHOD(Fixture, "more than the cell's memory holds is refused, and nothing is changed") {
  CHECK(Allocate(50, false).ok());
  for (const uint64_t count : {uint64_t{51}, UINT64_MAX}) {
    const auto refused = Allocate(count, false);
    CHECK(ReasonOf(refused.status()) == v1::REASON_REQUEST_INVALID);
    CHECK(FieldViolationsOf(refused.status()).at(0).first == "count");
  }
  CHECK(ReasonOf(Allocate(1, true).status()) == v1::REASON_REQUEST_INVALID);
  CHECK(Written() == "50");
}

TEST_CASE_METHOD(Fixture, "what the host has not got is told with what it has") {
  const auto size = Allocate(1, false, 4);
  CHECK(ReasonOf(size.status()) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(size.status().message()), Catch::Contains("4 KiB") && Catch::Contains("2048"));
  CHECK(ReasonOf(Allocate(1, false, 0).status()) == v1::REASON_NODE_CANNOT);
  const auto cell = Allocate(1, false, 2048, 7);
  CHECK(ReasonOf(cell.status()) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(cell.status().message()), Catch::Contains("NUMA cell 7"));
  // Without a cell it is the first, which has none.
  v1::AllocateHugePagesRequest request;
  request.set_size_kib(2048);
  CHECK(ReasonOf(AllocateHugePages(tree.sources(), request).status()) == v1::REASON_NODE_CANNOT);
}

}  // namespace
}  // namespace reeve::node
