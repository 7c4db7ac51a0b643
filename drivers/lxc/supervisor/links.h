// The interfaces of a guest: veth pairs, macvlans, and interfaces of the host that are the guest's for a while.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// An interface of the host that is in a guest's network namespace.
struct BorrowedInterface {
  uint32_t index = 0;  // in the guest; the guest may rename it
  std::string name;    // on the host
  std::string mac;
};

// The host's interfaces in a guest. The namespace stays as long as this does: without it the kernel would give them to its
// first network namespace, whichever the host's is, and under any name. Not thread-safe.
struct BorrowedInterfaces {
  util::UniqueFd network;  // of the guest
  std::vector<BorrowedInterface> interfaces;
};

// Makes the interfaces of a guest in the network namespace of process `pid`; `directory_of_processes` is a /proc. A host
// name that is taken is waited for up to a second (the end of an earlier guest vanishes with its namespace, a moment after
// the guest), unless nothing says that it goes. After a failure `borrowed` has what is to be given back.
bool MakeInterfaces(const LaunchPlan& plan, pid_t pid, int directory_of_processes, BorrowedInterfaces* borrowed,
                    Failure* failure);

// Moves the host's interfaces back, each under its name where that is still free. What cannot be moved the kernel keeps.
// Only in a process that has one thread.
void ReturnInterfaces(BorrowedInterfaces* borrowed);
// The same of one of them, by its name on the host.
bool ReturnInterface(BorrowedInterfaces* borrowed, const std::string& name, Failure* failure);

// A netlink socket in another network namespace; empty on failure (errno). Only in a process that has one thread.
util::UniqueFd OpenNetlinkIn(int network);

// Removes a pair or a macvlan of a guest that runs; ENODEV when the guest has removed it itself.
bool RemoveInterface(const InterfacePlan& plan, int guest_network, Failure* failure);

// Puts bridge, rates and link state of `after` in force on the host's end of a pair.
bool UpdateInterface(const InterfacePlan& before, const InterfacePlan& after, Failure* failure);

}  // namespace reeve::lxc
