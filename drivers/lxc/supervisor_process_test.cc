// How the process beside a guest is started, with a program that ends at once. What it does in a real group is tried by
// lxc_driver_test.
#include "drivers/lxc/supervisor_process.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <string>

namespace reeve::lxc {
namespace {

struct Fixture {
  absl::StatusOr<SupervisorProcess> Spawn(const cgroups::AttachTargets* group) const {
    return SpawnSupervisor(program.get(), "/bin/true", plan, directory.get(), {}, group);
  }

  const util::UniqueFd program{open("/bin/true", O_RDONLY | O_CLOEXEC)};
  const util::UniqueFd directory{open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
  LaunchPlan plan;
};

TEST_CASE_METHOD(Fixture, "a supervisor without a group is in none that it should be in") {
  const auto supervisor = Spawn(nullptr);
  REQUIRE(supervisor.ok());
  CHECK_FALSE(supervisor->in_group);
  CHECK(ReapSupervisor(*supervisor, absl::Seconds(20)) == 0);
}

TEST_CASE_METHOD(Fixture, "where the kernel cannot bear it in its group, it is started all the same, and says so") {
  cgroups::AttachTargets group;
  group.unified.Reset(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));  // no group
  const auto supervisor = Spawn(&group);
  REQUIRE(supervisor.ok());
  CHECK_FALSE(supervisor->in_group);
  CHECK(ReapSupervisor(*supervisor, absl::Seconds(20)) == 0);
}

TEST_CASE_METHOD(Fixture, "a group of v1 that cannot be joined is named") {
  cgroups::AttachTargets group;
  group.v1_tasks = {"/nonexistent/tasks"};
  const auto supervisor = Spawn(&group);
  CHECK(std::string(supervisor.status().message()) == "open /nonexistent/tasks: No such file or directory");
  // One that refuses the word.
  group.v1_tasks = {"/dev/full"};
  CHECK_THAT(std::string(Spawn(&group).status().message()), Catch::Contains("No space left on device"));
}

TEST_CASE_METHOD(Fixture, "a program that cannot be executed is named") {
  const util::UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto supervisor =
      SpawnSupervisor(nothing.get(), "/usr/lib/reeve/reeve-supervisor", plan, directory.get(), {}, nullptr);
  CHECK_THAT(std::string(supervisor.status().message()),
             Catch::StartsWith("execute /usr/lib/reeve/reeve-supervisor: "));
}

}  // namespace
}  // namespace reeve::lxc
