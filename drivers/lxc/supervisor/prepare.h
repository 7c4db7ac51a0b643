// What a launch needs that can be made before the first process exists, with the host's rights: the root and the
// sources of file systems as detached mounts, /dev with its nodes, the terminals.
#pragma once

#include <vector>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// A console. The supervisor keeps the slave open, so that the master never reports a hang-up while nobody has it open.
struct Terminal {
  util::UniqueFd master;
  util::UniqueFd slave;
};

// Whether the owners of a mount are shifted by the id map.
enum class Shift : uint8_t { kNo, kWherePossible, kYes };

// A file system beside the root; of one that is a part of the guest there is nothing before the guest.
struct Source {
  util::UniqueFd mount;
  bool is_directory = true;
  uint32_t owner = 0;
  Shift shift = Shift::kNo;
};

// All detached: closing the descriptors undoes it. The first process inherits them.
struct Preparation {
  util::UniqueFd root;
  bool shift_root = false;              // the root belongs to host id 0 and there is an id map
  std::vector<Source> sources;          // one for each of plan.filesystems
  util::UniqueFd devices;
  util::UniqueFd terminals_directory;
  util::UniqueFd shared_memory;
  std::vector<util::UniqueFd> replaced;  // one for each of plan.replaced_files
  util::UniqueFd host_system;            // a sysfs, where the guest may not mount one of its own
  std::vector<util::UniqueFd> groups;  // each of plan.v1_tasks
  std::vector<Terminal> terminals;
  std::vector<util::UniqueFd> passed;  // open files that init gets from descriptor 3 on
};

// The id on the host that `inside` has; `inside` itself without a map, 65534 when the map does not have it.
uint32_t OutsideId(const std::vector<IdRange>& ranges, uint32_t inside);

// What a file system beside the root comes from; the owners are not shifted yet.
bool OpenFilesystem(const LaunchPlan& plan, const FilesystemPlan& filesystem, Source* source, Failure* failure);

bool Prepare(const LaunchPlan& plan, Preparation* preparation, Failure* failure);

}  // namespace reeve::lxc
