// The words that libvirt's domain documents use where a field has a fixed set of values: those of the XML and of the
// text fields of the specification are the same.
#pragma once

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace reeve::formats {

template <size_t N>
using Words = std::array<absl::string_view, N>;

// By the value of the enumeration, less one.
inline constexpr Words<6> kFilesystemTypes = {"mount", "bind", "file", "block", "ram", "template"};
inline constexpr Words<3> kFilesystemAccessModes = {"passthrough", "mapped", "squash"};
inline constexpr Words<4> kInterfaceTypes = {"bridge", "network", "ethernet", "direct"};
inline constexpr Words<3> kCapabilityPolicies = {"default", "allow", "deny"};
inline constexpr Words<3> kNamespaceKinds = {"name", "pid", "netns"};

inline constexpr Words<3> kDomainTypes = {"lxc", "xen", "test"};
inline constexpr Words<5> kOsTypes = {"exe", "linux", "xen", "hvm", "xenpvh"};
inline constexpr Words<6> kLifecycleActions = {"destroy",        "restart",          "preserve",
                                               "rename-restart", "coredump-destroy", "coredump-restart"};
inline constexpr Words<5> kClockOffsets = {"utc", "localtime", "variable", "timezone", "absolute"};
inline constexpr Words<2> kClockBases = {"utc", "localtime"};
inline constexpr Words<8> kTimerNames = {"platform", "pit",      "rtc",         "hpet",
                                         "tsc",      "kvmclock", "hypervclock", "armvtimer"};
inline constexpr Words<4> kTickPolicies = {"delay", "catchup", "merge", "discard"};
inline constexpr Words<4> kTimerTracks = {"boot", "guest", "wall", "realtime"};
inline constexpr Words<2> kPlacements = {"static", "auto"};
inline constexpr Words<4> kNumaModes = {"strict", "preferred", "interleave", "restrictive"};
inline constexpr Words<3> kSecurityLabelTypes = {"none", "static", "dynamic"};

inline constexpr Words<4> kFilesystemDriverTypes = {"loop", "nbd", "path", "handle"};
inline constexpr Words<1> kWritePolicies = {"immediate"};
inline constexpr Words<17> kImageFormats = {"none", "raw", "dir",   "bochs", "cloop", "dmg",   "iso", "vpc", "vdi",
                                            "fat",  "vhd", "ploop", "cow",   "qcow",  "qcow2", "qed", "vmdk"};
inline constexpr Words<6> kDiskCaches = {"default", "none", "writethrough", "writeback", "directsync", "unsafe"};
inline constexpr Words<2> kDiskTypes = {"file", "block"};
inline constexpr Words<2> kDiskDevices = {"disk", "cdrom"};
inline constexpr Words<4> kDirectModes = {"vepa", "bridge", "private", "passthrough"};
inline constexpr Words<2> kVlanNativeModes = {"tagged", "untagged"};
inline constexpr Words<4> kVirtualPortTypes = {"openvswitch", "midonet", "802.1Qbg", "802.1Qbh"};
inline constexpr Words<6> kVirtualPortParameters = {"interfaceid", "profileid",     "managerid",
                                                    "typeid",      "typeidversion", "instanceid"};
inline constexpr Words<2> kRouteFamilies = {"ipv4", "ipv6"};
inline constexpr Words<1> kConsoleTypes = {"pty"};
inline constexpr Words<5> kConsoleTargets = {"lxc", "xen", "serial", "virtio", "uml"};
inline constexpr Words<3> kStartupPolicies = {"mandatory", "requisite", "optional"};

// capabilities(7), without "cap_".
inline constexpr Words<41> kCapabilities = {"audit_control",   "audit_read",   "audit_write",
                                            "block_suspend",   "bpf",          "checkpoint_restore",
                                            "chown",           "dac_override", "dac_read_search",
                                            "fowner",          "fsetid",       "ipc_lock",
                                            "ipc_owner",       "kill",         "lease",
                                            "linux_immutable", "mac_admin",    "mac_override",
                                            "mknod",           "net_admin",    "net_bind_service",
                                            "net_broadcast",   "net_raw",      "perfmon",
                                            "setfcap",         "setgid",       "setpcap",
                                            "setuid",          "sys_admin",    "sys_boot",
                                            "sys_chroot",      "sys_module",   "sys_nice",
                                            "sys_pacct",       "sys_ptrace",   "sys_rawio",
                                            "sys_resource",    "sys_time",     "sys_tty_config",
                                            "syslog",          "wake_alarm"};

}  // namespace reeve::formats
