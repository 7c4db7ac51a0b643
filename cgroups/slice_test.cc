#include "cgroups/slice.h"

#include <catch2/catch.hpp>

namespace reeve::cgroups {
namespace {

TEST_CASE("A partition is a slice, each part a slice in the one before") {
  CHECK(*SliceOfPartition("/machine") == "machine.slice");
  CHECK(*SliceOfPartition("/machine/blue") == "machine-blue.slice");
  CHECK(*SliceOfPartition("/a-b/c d") == "a\\x2db-c\\x20d.slice");
  CHECK(*SliceOfPartition("/") == "-.slice");
  CHECK(absl::IsInvalidArgument(SliceOfPartition("machine").status()));
  CHECK(absl::IsInvalidArgument(SliceOfPartition("/" + std::string(100, '-')).status()));
}

TEST_CASE("A unit's group is below those of its slices") {
  CHECK(*GroupOfUnit("machine.slice", "a.scope") == "machine.slice/a.scope");
  CHECK(*GroupOfUnit("machine-blue.slice", "a.scope") == "machine.slice/machine-blue.slice/a.scope");
  CHECK(*GroupOfUnit("-.slice", "a.scope") == "a.scope");
  // systemd puts "_" before what would look like a file of the kernel, as EscapeName does.
  CHECK(*GroupOfUnit("cpu.slice", "a.scope") == "_cpu.slice/a.scope");
  CHECK(*GroupOfUnit("a\\x2db.slice", "a.scope") == "a\\x2db.slice/a.scope");
  CHECK(absl::IsInvalidArgument(GroupOfUnit("machine", "a.scope").status()));
}

TEST_CASE("systemd's root is where its init scope is") {
  CHECK(SystemdRoot("0::/init.scope\n") == "");
  CHECK(SystemdRoot("1:name=systemd:/lxc/web/init.scope\n0::/lxc/web/init.scope\n") == "lxc/web");
  CHECK(SystemdRoot("12:pids:/x/init.scope\n0::/\n") == "");
}

}  // namespace
}  // namespace reeve::cgroups
