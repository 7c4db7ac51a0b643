// Which control group hierarchies a host has, and which controller is where: v1, v2 or some of each (hybrid hosts).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/tree.h"

namespace reeve::cgroups {

// What Reeve uses of a group. On v2 kCpuacct (cpu.stat), kFreezer (cgroup.freeze) and kPerfEvent belong to every group,
// kDevices is a BPF program, not a file, and there is no kNetCls (cgroups(7), Documentation/admin-guide/cgroup-v2.rst).
enum class Controller {
  kMemory,
  kCpu,
  kCpuacct,
  kFreezer,
  kDevices,
  kPids,
  kCpuset,
  kBlkio,
  kHugetlb,
  kNetCls,
  kPerfEvent
};
inline constexpr int kControllers = 11;
// All of them, in order.
inline constexpr std::array<Controller, kControllers> kAllControllers = {
    Controller::kMemory,  Controller::kCpu,    Controller::kCpuacct,  Controller::kFreezer,
    Controller::kDevices, Controller::kPids,   Controller::kCpuset,   Controller::kBlkio,
    Controller::kHugetlb, Controller::kNetCls, Controller::kPerfEvent};

// The kernel's name: "memory".
absl::string_view Name(Controller controller);
// Its name in v2, which differs for kBlkio: "io".
absl::string_view UnifiedName(Controller controller);

// One mounted hierarchy.
struct Hierarchy {
  int version = 1;                       // 1 or 2
  std::string mount_point;               // "/sys/fs/cgroup/memory"
  std::string root;                      // the group that is seen there; "/" but in nested hosts
  std::vector<std::string> controllers;  // "memory"; "name=systemd" for a named v1 hierarchy
};

// Where a controller is.
struct Placement {
  int hierarchy = -1;   // index into Hierarchies::all(); -1: missing
  int version = 0;      // 1 or 2; 0: missing
  std::string missing;  // why, as a sentence
};

// The hierarchies of a host. Immutable, thread-safe, cheap to copy. Copies share the Tree, which lives as long as they
// do.
class Hierarchies {
 public:
  // What the kernel tells.
  struct Texts {
    std::string mountinfo;            // /proc/self/mountinfo
    std::string cgroups;              // /proc/cgroups
    std::string self_cgroup;          // /proc/self/cgroup
    std::string unified_controllers;  // cgroup.controllers in the v2 root; empty without one
    bool device_programs = true;      // the kernel has BPF device programs; of interest with a v2 hierarchy only
  };

  // Understands the texts; without a Tree, so good for looking only. INVALID_ARGUMENT names the line that is malformed.
  static absl::StatusOr<Hierarchies> Parse(const Texts& texts);
  // The same over a given tree (tests).
  static absl::StatusOr<Hierarchies> Create(const Texts& texts, std::shared_ptr<Tree> tree);
  // The texts of this host. FAILED_PRECONDITION when no hierarchy is mounted.
  static absl::StatusOr<Texts> ReadTexts();
  // The hierarchies of this host as `texts` has them, over the kernel's tree.
  static absl::StatusOr<Hierarchies> Open(const Texts& texts);
  // Open of ReadTexts.
  static absl::StatusOr<Hierarchies> Detect();

  const std::vector<Hierarchy>& all() const { return data_->all; }
  const Placement& Find(Controller controller) const { return data_->placements[static_cast<int>(controller)]; }
  // Index of the v2 hierarchy, -1 when there is none.
  int unified() const { return data_->unified; }
  // Indexes of the hierarchies that a guest's group is made in: those of all controllers, v2 where it is mounted, and
  // "name=systemd" where v2 is not.
  const std::vector<int>& used() const { return data_->used; }
  // "v2" (all that is used is there), "v1" (no v2 hierarchy) or "hybrid".
  absl::string_view Mode() const;
  // One line for the log: each controller with its place or why it is missing.
  std::string Describe() const;
  // Null after Parse.
  Tree* tree() const { return tree_.get(); }
  const std::shared_ptr<Tree>& shared_tree() const { return tree_; }
  // The same hierarchies, read and written by way of another tree.
  Hierarchies Over(std::shared_ptr<Tree> tree) const {
    Hierarchies result = *this;
    result.tree_ = std::move(tree);
    return result;
  }

 private:
  struct Data {
    std::vector<Hierarchy> all;
    std::array<Placement, kControllers> placements;
    std::vector<int> used;
    int unified = -1;
  };
  std::shared_ptr<const Data> data_;
  std::shared_ptr<Tree> tree_;
};

}  // namespace reeve::cgroups
