#include "drivers/lxc/capability_set.h"

#include <iterator>

namespace reeve::lxc {
namespace {

// In the order of linux/capability.h.
constexpr absl::string_view kNames[] = {"chown",
                                        "dac_override",
                                        "dac_read_search",
                                        "fowner",
                                        "fsetid",
                                        "kill",
                                        "setgid",
                                        "setuid",
                                        "setpcap",
                                        "linux_immutable",
                                        "net_bind_service",
                                        "net_broadcast",
                                        "net_admin",
                                        "net_raw",
                                        "ipc_lock",
                                        "ipc_owner",
                                        "sys_module",
                                        "sys_rawio",
                                        "sys_chroot",
                                        "sys_ptrace",
                                        "sys_pacct",
                                        "sys_admin",
                                        "sys_boot",
                                        "sys_nice",
                                        "sys_resource",
                                        "sys_time",
                                        "sys_tty_config",
                                        "mknod",
                                        "lease",
                                        "audit_write",
                                        "audit_control",
                                        "setfcap",
                                        "mac_override",
                                        "mac_admin",
                                        "syslog",
                                        "wake_alarm",
                                        "block_suspend",
                                        "audit_read",
                                        "perfmon",
                                        "bpf",
                                        "checkpoint_restore"};

// What libvirt's LXC driver drops by default.
constexpr absl::string_view kDroppedByDefault[] = {"sys_module", "sys_time", "mknod", "audit_control", "mac_admin"};

}  // namespace

std::optional<int> CapabilityNumber(absl::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<int>(i);
  }
  return std::nullopt;
}

uint64_t CapabilitySet(const v1::CapabilityPolicy& policy) {
  uint64_t kept = policy.policy() == v1::CapabilityPolicy::POLICY_DENY ? 0 : ~uint64_t{0};
  if (policy.policy() == v1::CapabilityPolicy::POLICY_UNSPECIFIED ||
      policy.policy() == v1::CapabilityPolicy::POLICY_DEFAULT) {
    for (absl::string_view name : kDroppedByDefault) kept &= ~(uint64_t{1} << *CapabilityNumber(name));
  }
  for (const v1::CapabilityState& state : policy.states()) {
    const std::optional<int> number = CapabilityNumber(state.name());
    if (!number) continue;
    const uint64_t bit = uint64_t{1} << *number;
    kept = state.on() ? kept | bit : kept & ~bit;
  }
  return kept;
}

}  // namespace reeve::lxc
