// Groups on this host's real hierarchies. Needs root; leaves nothing behind.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/group.h"
#include "cgroups/subtree.h"

namespace reeve::cgroups {
namespace {

// A partition of this test's own, removed at the end, and a child process that waits to be killed.
struct Fixture {
  Fixture() : hierarchies(*Hierarchies::Detect()), partition(absl::StrCat("/reeve-test-", ::getpid())) {}
  ~Fixture() {
    if (child > 0) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    absl::Duration left = absl::Seconds(2);
    for (int hierarchy : hierarchies.used()) {
      CHECK(RemoveSubtree(hierarchies, hierarchy, partition.substr(1), &left).ok());
    }
  }

  // Starts a process in the group.
  void StartChild(const Group& group) {
    child = ::fork();
    if (child == 0) {
      while (true) ::pause();
    }
    const auto targets = group.Targets();
    for (const std::string& path : targets->v1_procs) std::ofstream(path) << child << std::flush;
    const int unified = hierarchies.unified();
    if (unified >= 0) {
      REQUIRE(hierarchies.tree()->Write(unified, group.path() + "/cgroup.procs", absl::StrCat(child)) == 0);
    }
  }

  Hierarchies hierarchies;
  std::string partition;
  pid_t child = 0;
};

TEST_CASE("A real group is made, limited, frozen, killed and removed") {
  Fixture fixture;
  INFO(fixture.hierarchies.Describe());
  auto group = Group::Create(fixture.hierarchies, fixture.partition, "a");
  INFO(group.status());
  REQUIRE(group.ok());
  CHECK(group->SetMemoryLimit(64 << 20).ok());
  CHECK(group->SetMemorySoftLimit(32 << 20).ok());
  CHECK(group->SetCpuShares(512).ok());
  CHECK(group->SetCpuQuota(100000, 50000).ok());
  CHECK(group->SetTasksLimit(50).ok());
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
  int status = 0;
  REQUIRE(::waitpid(fixture.child, &status, 0) == fixture.child);
  fixture.child = 0;
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(group->AwaitEmpty(absl::Seconds(2)).ok());
  CHECK(group->Remove().ok());
  CHECK(absl::IsNotFound(Group::Open(fixture.hierarchies, fixture.partition, "a").status()));
}

TEST_CASE("Making and removing a group is quick") {
  Fixture fixture;
  std::vector<double> make, remove;
  for (int i = 0; i < 50; ++i) {
    const absl::Time start = absl::Now();
    auto group = Group::Create(fixture.hierarchies, fixture.partition, absl::StrCat("g", i));
    REQUIRE(group.ok());
    REQUIRE(group->SetMemoryLimit(64 << 20).ok());
    const absl::Time made = absl::Now();
    REQUIRE(group->Remove().ok());
    make.push_back(absl::ToDoubleMicroseconds(made - start));
    remove.push_back(absl::ToDoubleMicroseconds(absl::Now() - made));
  }
  std::sort(make.begin(), make.end());
  std::sort(remove.begin(), remove.end());
  WARN("create: median " << make[25] << " us, remove: median " << remove[25] << " us");
  // Generous: a busy machine must not fail it, a sleep on the path must.
  CHECK(make[25] < 5000);
  CHECK(remove[25] < 5000);
}

}  // namespace
}  // namespace reeve::cgroups
