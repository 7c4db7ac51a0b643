// Addresses and routes over rtnetlink(7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// A NETLINK_ROUTE socket in the present network namespace; empty on failure (errno).
util::UniqueFd OpenNetlink();

// The index of an interface in the namespace of `netlink`; 0 on failure (errno).
uint32_t InterfaceIndex(int netlink, const std::string& name);

// The index of the interface with a hardware address of 6 bytes; 0: there is none (ENODEV), or a failure (errno).
uint32_t FindLink(int netlink, const std::string& mac);

// Sets an interface of the namespace of `netlink` up. False on failure (errno).
bool BringUp(int netlink, const std::string& name);

// Brings up "lo".
bool BringUpLoopback(int netlink, Failure* failure);

// Adds addresses and routes to an interface.
bool AddAddresses(int netlink, const std::string& name, const std::vector<AddressPlan>& addresses,
                  const std::vector<RoutePlan>& routes, Failure* failure);

// Brings up the guest's end and adds its addresses and routes, in the present network namespace.
bool ConfigureInterface(int netlink, const InterfacePlan& plan, Failure* failure);

}  // namespace reeve::lxc
