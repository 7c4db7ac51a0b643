// Groups on this host's real hierarchies. Needs root; leaves nothing behind.
#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/cpu.h"
#include "cgroups/group.h"
#include "cgroups/kernel_fixture.h"
#include "cgroups/memory.h"
#include "cgroups/pids.h"

namespace reeve::cgroups {
namespace {

TEST_CASE("A real group is made, limited, frozen, killed and removed") {
  KernelFixture fixture;
  INFO(fixture.hierarchies.Describe());
  auto group = Group::Create(fixture.hierarchies, fixture.partition, "a");
  INFO(group.status());
  REQUIRE(group.ok());
  CHECK(SetMemoryLimit(*group, 64 << 20).ok());
  CHECK(SetMemorySoftLimit(*group, 32 << 20).ok());
  CHECK(SetCpuShares(*group, 512).ok());
  CHECK(SetCpuQuota(*group, 100000, 50000).ok());
  CHECK(SetTasksLimit(*group, 50).ok());
  fixture.StartChild(*group);
  CHECK(*group->Processes() == std::vector<pid_t>{fixture.child});
  const auto usage = group->Statistics();
  REQUIRE(usage.ok());
  CHECK(usage->memory_limit_bytes == 64 << 20);
  CHECK(usage->tasks == 1);

  REQUIRE(group->Freeze().ok());
  CHECK(*group->IsFrozen());
  REQUIRE(group->Thaw().ok());
  CHECK_FALSE(*group->IsFrozen());

  CHECK(absl::IsDeadlineExceeded(group->Remove(absl::Milliseconds(5))));
  REQUIRE(group->Freeze().ok());
  REQUIRE(group->Kill().ok());
  CHECK(WTERMSIG(fixture.EndChild(0)) == SIGKILL);
  CHECK(group->AwaitEmpty(absl::Seconds(2)).ok());
  CHECK(group->Remove().ok());
  CHECK(absl::IsNotFound(Group::Open(fixture.hierarchies, fixture.partition, "a").status()));
}

TEST_CASE("Making and removing a group is quick") {
  KernelFixture fixture;
  std::vector<double> make, remove;
  for (int i = 0; i < 50; ++i) {
    const absl::Time start = absl::Now();
    auto group = Group::Create(fixture.hierarchies, fixture.partition, absl::StrCat("g", i));
    REQUIRE(group.ok());
    REQUIRE(SetMemoryLimit(*group, 64 << 20).ok());
    const absl::Time made = absl::Now();
    REQUIRE(group->Remove().ok());
    make.push_back(absl::ToDoubleMicroseconds(made - start));
    remove.push_back(absl::ToDoubleMicroseconds(absl::Now() - made));
  }
  std::sort(make.begin(), make.end());
  std::sort(remove.begin(), remove.end());
  WARN("create: median " << make[25] << " us, remove: median " << remove[25] << " us");
  // Generous: a busy machine must not fail it, a sleep on the path must. How slow an emulator is says nothing.
  const double most = getenv("REEVE_TEST_EMULATED") == nullptr ? 5000 : 1000000;
  CHECK(make[25] < most);
  CHECK(remove[25] < most);
}

}  // namespace
}  // namespace reeve::cgroups
