// What earlier daemons have left on the host that no run directory tells of.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cgroups/hierarchies.h"

namespace reeve::lxc {

// Looks through a partition for groups of guests that are not `known` by uid, and through the host's interfaces for ends of
// pairs whose launch died. Groups without a process are removed; a guest without a supervisor is ended; what has a
// supervisor belongs to another daemon, or to somebody who can say, and is left alone. What is younger than a minute may
// be in the making, by another daemon, and is left alone without a word. A sentence for each, at most 100.
std::vector<std::string> ClearLeftovers(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                        const std::set<std::string>& known, absl::Time now);

}  // namespace reeve::lxc
