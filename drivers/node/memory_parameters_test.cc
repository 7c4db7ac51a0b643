#include "drivers/node/memory_parameters.h"

#include "drivers/node/fake_tree.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr char kDirectory[] = "sys/kernel/mm/ksm/";

struct Fixture {
  Fixture() {
    for (const auto& [file, number] : {std::pair{"run", 1},
                                       {"pages_to_scan", 100},
                                       {"sleep_millisecs", 20},
                                       {"merge_across_nodes", 1},
                                       {"pages_shared", 3},
                                       {"pages_sharing", 4},
                                       {"pages_unshared", 5},
                                       {"pages_volatile", 6},
                                       {"full_scans", 7}}) {
      tree.Write(absl::StrCat(kDirectory, file), absl::StrCat(number));
    }
  }
  std::string File(const std::string& name) const { return *util::ReadFile(tree.Path(kDirectory + name)); }
  FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "all parameters are read") {
  const auto read = ReadMemoryParameters(tree.sources());
  REQUIRE(read.ok());
  CHECK(read->running());
  CHECK(read->pages_to_scan() == 100);
  CHECK(read->sleep_milliseconds() == 20);
  CHECK(read->merge_across_nodes());
  CHECK(read->pages_shared() == 3);
  CHECK(read->pages_sharing() == 4);
  CHECK(read->pages_unshared() == 5);
  CHECK(read->pages_volatile() == 6);
  CHECK(read->full_scans() == 7);
  // 2 stops it, too.
  tree.Write("sys/kernel/mm/ksm/run", "2");
  tree.Remove("sys/kernel/mm/ksm/merge_across_nodes");
  CHECK_FALSE(ReadMemoryParameters(tree.sources())->running());
  CHECK_FALSE(ReadMemoryParameters(tree.sources())->merge_across_nodes());
  tree.Write("sys/kernel/mm/ksm/full_scans", "all");
  CHECK_THAT(std::string(ReadMemoryParameters(tree.sources()).status().message()), Catch::Contains("ksm/full_scans"));
}

TEST_CASE_METHOD(Fixture, "what is set in the request changes, the rest stays") {
  v1::SetNodeMemoryParametersRequest request;
  request.set_pages_to_scan(2147483647);
  request.set_running(false);
  const auto changed = SetMemoryParameters(tree.sources(), request);
  REQUIRE(changed.ok());
  CHECK_FALSE(changed->running());
  CHECK(File("run") == "0\n");
  CHECK(File("pages_to_scan") == "2147483647");
  CHECK(File("sleep_millisecs") == "20\n");
}

TEST_CASE_METHOD(Fixture, "numbers out of bounds are refused before anything is changed") {
  v1::SetNodeMemoryParametersRequest request;
  request.set_pages_to_scan(150);
  request.set_sleep_milliseconds(uint64_t{1} << 32);
  const auto refused = SetMemoryParameters(tree.sources(), request);
  CHECK(ReasonOf(refused.status()) == v1::REASON_REQUEST_INVALID);
  CHECK(FieldViolationsOf(refused.status()).at(0).first == "sleep_milliseconds");
  CHECK(File("pages_to_scan") == "100\n");
  for (const uint64_t pages : {uint64_t{0}, uint64_t{1} << 31}) {
    request.set_pages_to_scan(pages);
    CHECK(FieldViolationsOf(SetMemoryParameters(tree.sources(), request).status()).at(0).first == "pages_to_scan");
  }
}

TEST_CASE_METHOD(Fixture, "a file that the kernel does not take is named; what was set before it stays") {
  tree.Remove("sys/kernel/mm/ksm/merge_across_nodes");
  v1::SetNodeMemoryParametersRequest request;
  request.set_pages_to_scan(150);
  request.set_merge_across_nodes(true);
  request.set_running(false);
  const auto failed = SetMemoryParameters(tree.sources(), request);
  CHECK(ReasonOf(failed.status()) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(failed.status().message()), Catch::Contains("ksm/merge_across_nodes"));
  CHECK(File("pages_to_scan") == "150\n");
  CHECK(File("run") == "1\n");
}

TEST_CASE("a kernel that shares no pages says so") {
  const FakeTree tree;
  CHECK(ReasonOf(ReadMemoryParameters(tree.sources()).status()) == v1::REASON_NODE_CANNOT);
  CHECK(ReasonOf(SetMemoryParameters(tree.sources(), {}).status()) == v1::REASON_NODE_CANNOT);
}

}  // namespace
}  // namespace reeve::node
