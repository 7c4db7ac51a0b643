// Device nodes in the tmpfs that is a guest's /dev. It is reached by a descriptor of its own, never by the guest's paths;
// what the guest has put into it, links most of all, is not followed out of it.
#pragma once

#include <cstdint>

#include "drivers/lxc/launch_plan.h"

namespace reeve::lxc {

// Makes a node that belongs to `user` and `group`; directories on the way to it are made. False on failure (errno).
bool MakeNode(int devices, const NodePlan& node, uint32_t user, uint32_t group);

// Removes it. One that is gone, or another file by now, is no failure: that is what the guest has made of it.
bool RemoveNode(int devices, const NodePlan& node);

}  // namespace reeve::lxc
