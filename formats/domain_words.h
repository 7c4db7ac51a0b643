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
inline constexpr Words<11> kInterfaceTypes = {"bridge", "network", "ethernet", "direct",   "user", "server",
                                              "client", "mcast",   "udp",      "internal", "null"};
inline constexpr Words<3> kCapabilityPolicies = {"default", "allow", "deny"};
inline constexpr Words<3> kNamespaceKinds = {"name", "pid", "netns"};

// Reeve's own, in the same way.
inline constexpr Words<2> kIdMapModes = {"automatic", "host"};
inline constexpr Words<2> kSystemCallPolicies = {"default", "allow"};
inline constexpr Words<2> kSystemCallErrors = {"EPERM", "ENOSYS"};
inline constexpr Words<2> kDeviceTypes = {"char", "block"};

inline constexpr Words<5> kDomainTypes = {"lxc", "xen", "test", "qemu", "kvm"};
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
inline constexpr Words<5> kDiskTypes = {"file", "block", "dir", "network", "volume"};
inline constexpr Words<4> kDiskDevices = {"disk", "cdrom", "floppy", "lun"};
inline constexpr Words<4> kDirectModes = {"vepa", "bridge", "private", "passthrough"};
inline constexpr Words<2> kVlanNativeModes = {"tagged", "untagged"};
inline constexpr Words<4> kVirtualPortTypes = {"openvswitch", "midonet", "802.1Qbg", "802.1Qbh"};
inline constexpr Words<6> kVirtualPortParameters = {"interfaceid", "profileid",     "managerid",
                                                    "typeid",      "typeidversion", "instanceid"};
inline constexpr Words<2> kRouteFamilies = {"ipv4", "ipv6"};
inline constexpr Words<13> kConsoleTypes = {"null", "vc",  "pty",  "dev",      "file",      "pipe", "stdio",
                                            "udp",  "tcp", "unix", "spicevmc", "spiceport", "nmdm"};
inline constexpr Words<7> kConsoleTargets = {"lxc", "xen", "serial", "virtio", "uml", "sclp", "sclplm"};
inline constexpr Words<3> kStartupPolicies = {"mandatory", "requisite", "optional"};

inline constexpr Words<5> kTimerModes = {"auto", "native", "emulate", "paravirt", "smpsafe"};
inline constexpr Words<4> kLockFailureActions = {"poweroff", "restart", "pause", "ignore"};
inline constexpr Words<2> kFirmwares = {"bios", "efi"};
inline constexpr Words<2> kLoaderTypes = {"rom", "pflash"};
inline constexpr Words<4> kBootDevices = {"fd", "hd", "cdrom", "network"};
inline constexpr Words<3> kSmbiosModes = {"emulate", "host", "sysinfo"};
inline constexpr Words<2> kXenPassthroughModes = {"sync_pt", "share_pt"};
inline constexpr Words<2> kHyperVModes = {"custom", "passthrough"};
inline constexpr Words<15> kHyperVFeatures = {"relaxed",         "vapic",    "spinlocks", "vpindex",   "runtime",
                                              "synic",           "stimer",   "reset",     "vendor_id", "frequencies",
                                              "reenlightenment", "tlbflush", "ipi",       "evmcs",     "avic"};
inline constexpr Words<4> kSchedulers = {"batch", "idle", "fifo", "rr"};
inline constexpr Words<3> kCacheTypes = {"both", "code", "data"};
inline constexpr Words<4> kCpuModes = {"custom", "host-model", "host-passthrough", "maximum"};
inline constexpr Words<3> kCpuMatches = {"minimum", "exact", "strict"};
inline constexpr Words<3> kCpuChecks = {"none", "partial", "full"};
inline constexpr Words<2> kCpuFallbacks = {"allow", "forbid"};
inline constexpr Words<5> kCpuFeaturePolicies = {"force", "require", "optional", "disable", "forbid"};
inline constexpr Words<3> kCpuCacheModes = {"emulate", "passthrough", "disable"};
inline constexpr Words<2> kPhysicalAddressModes = {"emulate", "passthrough"};
inline constexpr Words<2> kMemoryAccessModes = {"shared", "private"};
inline constexpr Words<3> kMemorySources = {"anonymous", "file", "memfd"};
inline constexpr Words<2> kAllocationModes = {"immediate", "ondemand"};
inline constexpr Words<2> kLaunchSecurityTypes = {"sev", "s390-pv"};
inline constexpr Words<2> kTrays = {"open", "closed"};
inline constexpr Words<2> kDiscards = {"unmap", "ignore"};
inline constexpr Words<3> kDetectZeroes = {"off", "on", "unmap"};
inline constexpr Words<4> kErrorPolicies = {"stop", "report", "ignore", "enospace"};
inline constexpr Words<3> kReadErrorPolicies = {"stop", "report", "ignore"};
inline constexpr Words<3> kDiskIoModes = {"native", "threads", "io_uring"};
inline constexpr Words<4> kSnapshots = {"no", "internal", "external", "manual"};
inline constexpr Words<4> kSgio = {"yes", "no", "filtered", "unfiltered"};
inline constexpr Words<13> kDiskProtocols = {"nbd", "rbd",  "sheepdog", "gluster", "iscsi", "http", "https",
                                             "ftp", "ftps", "tftp",     "nfs",     "ssh",   "vxhs"};
inline constexpr Words<3> kDiskTransports = {"tcp", "unix", "rdma"};
inline constexpr Words<2> kVolumeModes = {"host", "direct"};
inline constexpr Words<2> kAuthenticationSecrets = {"ceph", "iscsi"};
inline constexpr Words<5> kEncryptionFormats = {"default", "qcow", "luks", "luks2", "luks-any"};
inline constexpr Words<1> kEncryptionSecrets = {"passphrase"};
inline constexpr Words<3> kGeometryTranslations = {"none", "auto", "lba"};
inline constexpr Words<2> kSocketModes = {"connect", "bind"};
inline constexpr Words<4> kStreamProtocols = {"raw", "telnet", "telnets", "tls"};
inline constexpr Words<12> kAddressTypes = {"pci",         "drive", "virtio-serial", "ccid", "usb",  "spapr-vio",
                                            "virtio-s390", "ccw",   "virtio-mmio",   "isa",  "dimm", "unassigned"};
inline constexpr Words<10> kControllerTypes = {"ide",  "fdc", "scsi", "sata",   "virtio-serial",
                                               "ccid", "usb", "pci",  "xenbus", "isa"};
inline constexpr Words<3> kSmartcardModes = {"host", "host-certificates", "passthrough"};
inline constexpr Words<4> kInputTypes = {"mouse", "tablet", "keyboard", "passthrough"};
inline constexpr Words<6> kInputBuses = {"ps2", "usb", "xen", "virtio", "parallels", "none"};
inline constexpr Words<4> kTpmModels = {"tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"};
inline constexpr Words<2> kTpmBackends = {"passthrough", "emulator"};
inline constexpr Words<2> kTpmVersions = {"1.2", "2.0"};
inline constexpr Words<7> kGraphicsTypes = {"vnc", "sdl", "spice", "rdp", "desktop", "egl-headless", "dbus"};
inline constexpr Words<4> kListenTypes = {"address", "network", "socket", "none"};
inline constexpr Words<3> kSharePolicies = {"allow-exclusive", "force-shared", "ignore"};
inline constexpr Words<3> kSpiceModes = {"any", "secure", "insecure"};
inline constexpr Words<2> kMouseModes = {"server", "client"};
inline constexpr Words<3> kConnectedActions = {"fail", "disconnect", "keep"};
inline constexpr Words<8> kSoundModels = {"sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7"};
inline constexpr Words<3> kSoundCodecs = {"duplex", "micro", "output"};
inline constexpr Words<9> kAudioTypes = {"none",       "alsa", "coreaudio", "jack", "oss",
                                         "pulseaudio", "sdl",  "spice",     "file"};
inline constexpr Words<12> kVideoModels = {"vga",       "cirrus", "vmvga", "xen",  "vbox",  "qxl",
                                           "parallels", "virtio", "gop",   "none", "bochs", "ramfb"};
inline constexpr Words<4> kWatchdogModels = {"i6300esb", "ib700", "diag288", "itco"};
inline constexpr Words<7> kWatchdogActions = {"reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"};
inline constexpr Words<5> kBalloonModels = {"virtio", "virtio-transitional", "virtio-non-transitional", "xen", "none"};
inline constexpr Words<3> kRngModels = {"virtio", "virtio-transitional", "virtio-non-transitional"};
inline constexpr Words<3> kRngBackends = {"random", "egd", "builtin"};
inline constexpr Words<5> kPanicModels = {"isa", "pseries", "hyperv", "s390", "pvpanic"};
inline constexpr Words<1> kUsb = {"usb"};
inline constexpr Words<2> kMacTypes = {"static", "generated"};
inline constexpr Words<3> kHostPciDrivers = {"kvm", "vfio", "xen"};

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
