// The BPF program that allows a v2 group the devices of a list.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "cgroups/device_rules.h"
#include "util/fd.h"

namespace reeve::cgroups {

// A program of type BPF_PROG_TYPE_CGROUP_DEVICE: it ends with 1 for an access that a rule allows, else with 0. At most
// 8 instructions a rule.
std::vector<bpf_insn> BuildDeviceProgram(const DeviceRules& rules);

// Loads the program and makes it the only one of the group that the directory is of. Other programs of the group end
// only when the new one is there. 0 or errno; EINVAL also on a kernel without CONFIG_CGROUP_BPF. `log` gets what the
// verifier says when it refuses.
int AttachDeviceProgram(int group_directory, const std::vector<bpf_insn>& program, std::string* log);

// Whether the kernel has device programs, asked of a v2 group.
bool SupportsDevicePrograms(int group_directory);

}  // namespace reeve::cgroups
