// Limits of traffic on the host's end of an interface, where the guest cannot reach them.
#pragma once

#include <cstdint>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"

namespace reeve::lxc {

// To the guest: a token bucket in which packets wait (htb). From it: a program that drops what is over the limit
// (tc-bpf(8)), as libvirt's policer does. Both go with the interface.
// A change lifts the former ones first.
void LiftRates(int netlink, uint32_t index);
bool LimitRates(int netlink, uint32_t index, const InterfacePlan& plan, Failure* failure);

}  // namespace reeve::lxc
