// Where a group is.
#pragma once

#include <string>

#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// A group by its path, the same in every hierarchy: what the functions of the controllers take (memory.h, cpu.h ...).
// A Group is one. Cheap to copy.
struct Location {
  Hierarchies hierarchies;
  std::string path;  // below the root of each hierarchy, without a leading "/": "machine/web1"
};

}  // namespace reeve::cgroups
