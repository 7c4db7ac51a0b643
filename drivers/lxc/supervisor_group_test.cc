#include "drivers/lxc/supervisor_group.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cgroups/fake_tree.h"
#include "cgroups/test_hosts.h"

namespace reeve::lxc {
namespace {

constexpr char kUid[] = "6a5c1d8e-0000-4000-8000-000000000001";
const std::string kScope = absl::StrCat("machine.slice/reeve-", kUid, ".scope");
const std::string kSupervisor = absl::StrCat(kScope, "/", kUid, ".supervisor");

bool IsSystemds(const cgroups::Hierarchy& hierarchy) {
  const auto& controllers = hierarchy.controllers;
  return hierarchy.version == 2 ||
         std::find(controllers.begin(), controllers.end(), "name=systemd") != controllers.end();
}

// A host on a fake tree, with the scope of one guest and what we have made in it.
struct Host {
  explicit Host(const cgroups::Hierarchies::Texts& texts) : hierarchies(*cgroups::Hierarchies::Create(texts, tree)) {
    for (size_t i = 0; i < hierarchies.all().size(); ++i) {
      const int index = static_cast<int>(i);
      REQUIRE(tree->MakeDirectory(index, "machine.slice") == 0);
      REQUIRE(tree->MakeDirectory(index, kScope) == 0);
      // As SupervisorGroup makes it: not in the hierarchies of controllers.
      if (IsSystemds(hierarchies.all()[i])) REQUIRE(tree->MakeDirectory(index, kSupervisor) == 0);
    }
  }
  SupervisorGroup Group() { return *SupervisorGroup::Find(hierarchies, absl::StrCat("/", kScope), kUid); }
  bool Has(int hierarchy, const std::string& path) const { return tree->directories.count({hierarchy, path}) != 0; }

  std::shared_ptr<cgroups::FakeTree> tree = std::make_shared<cgroups::FakeTree>();
  cgroups::Hierarchies hierarchies;
};

TEST_CASE("A scope is left to systemd where systemd looks at it, and removed elsewhere") {
  for (const cgroups::Hierarchies::Texts& texts :
       {cgroups::test_hosts::Unified(), cgroups::test_hosts::Hybrid(), cgroups::test_hosts::Legacy()}) {
    Host host(texts);
    REQUIRE(host.Group().in_scope());
    REQUIRE(host.Group().Remove().ok());
    for (int i = 0; i < static_cast<int>(host.hierarchies.all().size()); ++i) {
      const cgroups::Hierarchy& hierarchy = host.hierarchies.all()[static_cast<size_t>(i)];
      INFO(hierarchy.mount_point);
      // A guest has no group where none of its controllers is.
      const auto& used = host.hierarchies.used();
      if (std::find(used.begin(), used.end(), i) == used.end() && !IsSystemds(hierarchy)) continue;
      CHECK(host.Has(i, kScope) == IsSystemds(hierarchy));
      CHECK_FALSE(host.Has(i, kSupervisor));
    }
  }
}

TEST_CASE("What is gone is fine, and what cannot be removed is told") {
  Host host(cgroups::test_hosts::Legacy());
  REQUIRE(host.Group().Remove().ok());
  CHECK(host.Group().Remove().ok());
  const int memory = host.hierarchies.Find(cgroups::Controller::kMemory).hierarchy;
  REQUIRE(memory >= 0);
  host.tree->errors[{"rmdir", {memory, kScope}}] = EPERM;
  const absl::Status status = host.Group().Remove();
  CHECK_THAT(std::string(status.message()), Catch::Matchers::Contains(kScope));
}

}  // namespace
}  // namespace reeve::lxc
