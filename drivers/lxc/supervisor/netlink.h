// The little of rtnetlink(7) that a launch needs: veth pairs, addresses, routes. libnl is not linked into the
// supervisor, which must stay small.
#pragma once

#include <cstdint>
#include <string>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// A NETLINK_ROUTE socket in the present network namespace; empty on failure (errno).
util::UniqueFd OpenNetlink();

// Makes the pair of one interface: both ends in one request, the guest's in the network namespace of process `pid`. A
// host name that is taken is waited for up to a second (the end of an earlier guest vanishes with its namespace, a
// moment after the guest), unless nothing says that it goes.
bool MakeInterface(int netlink, const InterfacePlan& plan, int64_t pid, Failure* failure);

// Brings up "lo" of the present network namespace.
bool BringUpLoopback(int netlink, Failure* failure);

// Brings up the guest's end and adds its addresses and routes, in the present network namespace.
bool ConfigureInterface(int netlink, const InterfacePlan& plan, Failure* failure);

}  // namespace reeve::lxc
