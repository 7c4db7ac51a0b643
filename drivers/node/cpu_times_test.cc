#include "drivers/node/cpu_times.h"

#include "drivers/node/fake_tree.h"

namespace reeve::node {
namespace {

struct Fixture {
  Fixture() {
    tree.Write("sys/devices/system/cpu/present", "0-2");
    tree.Write("proc/stat", "cpu  10 2 30 400 5 6 7 8 9 1\ncpu0 1 0 0 0 0 0 0 0\ncpu2 4 5 6 7\nintr 99 0 0\nctxt 12");
  }
  absl::Status Read(v1::NodeStatistics* statistics) const { return ReadCpuTimes(tree.sources(), statistics, 100); }
  std::string Message() const {
    v1::NodeStatistics statistics;
    return std::string(Read(&statistics).message());
  }
  FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "times of all CPUs and of each, in nanoseconds") {
  v1::NodeStatistics statistics;
  REQUIRE(Read(&statistics).ok());
  const v1::CpuTimes& total = statistics.total();
  CHECK(total.user_nanoseconds() == 120'000'000);
  CHECK(total.kernel_nanoseconds() == 430'000'000);
  CHECK(total.idle_nanoseconds() == 4'000'000'000);
  CHECK(total.wait_nanoseconds() == 50'000'000);
  CHECK(total.stolen_nanoseconds() == 80'000'000);
  REQUIRE(statistics.cpus_size() == 3);
  CHECK(statistics.cpus(0).online());
  CHECK(statistics.cpus(0).user_nanoseconds() == 10'000'000);
  // Not in proc/stat: it is offline. The last is that of a kernel with four columns.
  CHECK(statistics.cpus(1).cpu() == 1);
  CHECK_FALSE(statistics.cpus(1).online());
  CHECK(statistics.cpus(2).cpu() == 2);
  CHECK(statistics.cpus(2).user_nanoseconds() == 90'000'000);
  CHECK(statistics.cpus(2).idle_nanoseconds() == 70'000'000);
  CHECK(statistics.cpus(2).wait_nanoseconds() == 0);
}

TEST_CASE_METHOD(Fixture, "an error of the CPUs' times names the file") {
  tree.Write("proc/stat", "cpu  10 2 30");
  CHECK_THAT(Message(), Catch::Contains("proc/stat"));
  tree.Write("proc/stat", "cpux 1 2 3 4");
  CHECK_THAT(Message(), Catch::Contains("proc/stat"));
  tree.Write("proc/stat", "cpu0 1 2 3 4");
  CHECK_THAT(Message(), Catch::Contains("no line \"cpu\""));
  tree.Write("sys/devices/system/cpu/present", "many");
  CHECK_THAT(Message(), Catch::Contains("cpu/present"));
  tree.Remove("sys/devices/system/cpu/present");
  CHECK_THAT(Message(), Catch::Contains("cpu/present"));
}

TEST_CASE("the times of this host grow") {
  v1::NodeStatistics before;
  v1::NodeStatistics after;
  REQUIRE(ReadCpuTimes({}, &before).ok());
  REQUIRE(ReadCpuTimes({}, &after).ok());
  CHECK(before.cpus_size() > 0);
  CHECK(before.total().idle_nanoseconds() > 0);
  CHECK(after.total().user_nanoseconds() >= before.total().user_nanoseconds());
}

}  // namespace
}  // namespace reeve::node
