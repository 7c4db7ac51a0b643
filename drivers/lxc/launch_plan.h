// All that reeve-supervisor must know to launch a guest: made by the daemon from a specification, written as the file
// "plan" in the guest's run directory, read again by the supervisor (also for a reboot) and by a later daemon. Plain
// data; needs neither protobuf nor absl.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reeve::lxc {

// user_namespaces(7): `count` ids from `inside` on are `outside` and following on the host.
struct IdRange {
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t count = 0;
};

enum class FilesystemKind : uint8_t {
  kMount = 1,  // directory or file of the host
  kBind = 2,   // of the guest, seen a second time
  kRam = 3,
  kBlock = 4,  // on a block device
  kImage = 5,  // in an image; the launcher makes it one on a block device
};

// A file system.
struct FilesystemPlan {
  FilesystemKind kind = FilesystemKind::kMount;
  std::string source;  // host path (mount, block, image), guest path (bind)
  std::string target;  // guest path
  bool read_only = false;
  uint64_t ram_size_kib = 0;
  bool always_shift = false;  // by the id map, also when the source does not belong to host id 0
  std::string device;         // host path of the block device (block)
  std::string type;           // "ext4" (block)
  int32_t held = -1;          // which of the descriptors that the supervisor holds keeps the device there; -1: none
};

// A device node below /dev.
struct NodePlan {
  std::string name;  // "sda", "net/tun"
  bool block = false;
  uint32_t major = 0;
  uint32_t minor = 0;
  bool read_only = false;
  int32_t held = -1;  // as FilesystemPlan.held
};

// Addresses are 4 or 16 bytes in network order; empty: none.
struct AddressPlan {
  std::string address;
  std::string peer;
  uint8_t prefix = 0;
};

struct RoutePlan {
  std::string destination;
  std::string gateway;
  uint8_t prefix = 0;
  uint32_t metric = 0;  // 0: the kernel's default
};

enum class InterfaceKind : uint8_t {
  kPair = 1,   // a veth pair
  kMacvlan,    // on an interface of the host
  kHost,       // an interface of the host, which is the guest's as long as it runs
};

// Limits of one direction, bytes per second and bytes; 0: none.
struct RatePlan {
  uint64_t average = 0;
  uint64_t peak = 0;
  uint64_t burst = 0;
  bool operator==(const RatePlan&) const = default;
};

struct InterfacePlan {
  InterfaceKind kind = InterfaceKind::kPair;
  std::string bridge;      // of a pair; empty: the host's end is left alone
  std::string parent;      // of a macvlan; the interface itself (host)
  uint32_t mode = 0;       // of a macvlan, MACVLAN_MODE_* (if_link.h)
  std::string mac;         // 6 bytes
  std::string host_name;   // empty: the first free vnetN
  std::string guest_name;  // "eth0"
  bool up = true;
  uint32_t mtu = 0;  // 0: the bridge's
  std::vector<AddressPlan> addresses;
  std::vector<RoutePlan> routes;
  // Of the host's end of a pair.
  std::vector<AddressPlan> host_addresses;
  std::vector<RoutePlan> host_routes;
  bool isolated = false;  // from other isolated ports of the bridge
  RatePlan to_guest;
  RatePlan from_guest;
};

// Whether they are the same interface: by their address, those of the host by their name.
bool IsSame(const InterfacePlan& one, const InterfacePlan& other);

// A file of the host in the place of one of the kernel's, below /proc.
struct ReplacedFile {
  std::string path;
  std::string source;
};

// A file that a console's output goes to as well.
struct ConsoleLogPlan {
  std::string path;  // of the host; empty: none
  bool append = false;
};

// Devices that a guest gets, or loses, while it runs.
struct DevicePlan {
  std::vector<FilesystemPlan> filesystems;
  std::vector<NodePlan> nodes;
  std::vector<InterfacePlan> interfaces;
};

struct LaunchPlan {
  // The key of the domain (drivers::DomainKey).
  std::string name;
  std::string uid;
  uint64_t run = 0;

  // CLONE_NEW* flags (clone(2)); CLONE_NEWUSER exactly when there are id maps.
  uint64_t namespaces = 0;
  std::vector<IdRange> users;
  std::vector<IdRange> groups;
  // Namespaces of others that the guest enters: which of the descriptors that the supervisor holds; -1: none.
  int32_t shared_network = -1;
  int32_t shared_ipc = -1;
  int32_t shared_uts = -1;

  FilesystemPlan root;
  std::vector<FilesystemPlan> filesystems;  // beside the root
  std::vector<NodePlan> nodes;              // beside those that every guest has
  std::vector<InterfacePlan> interfaces;
  std::string hostname;
  uint32_t consoles = 1;
  std::vector<ConsoleLogPlan> console_logs;  // of the first consoles

  std::string init;
  std::vector<std::string> arguments;  // with argument 0
  std::vector<std::string> environment;
  std::string directory;
  std::string user;           // empty: 0
  std::string group;          // empty: the user's
  uint64_t capabilities = 0;  // bit n: capability n is kept
  bool no_new_privileges = false;
  std::string system_calls;  // a filter, struct sock_filter[] (seccomp(2)); empty: none
  // Paths below /proc and /sys. /proc/sys/net is left writable in a network namespace of the guest's own.
  bool system_writable = false;  // /sys
  std::vector<std::string> read_only_paths;
  std::vector<std::string> hidden_paths;
  std::vector<ReplacedFile> replaced_files;
  bool personality_32 = false;
  bool restart_on_reboot = true;
  bool paused = false;  // wait for Proceed before the exec

  // For a later daemon: signals to ask the guest with, and the partition of its groups.
  uint32_t shutdown_signal = 15;
  uint32_t reboot_signal = 1;
  std::string partition;
  // Absolute paths of the v1 files "tasks" by which processes of the guest join its groups (cgroups::AttachTargets).
  std::vector<std::string> v1_tasks;
  // File with a line "oom_kill N" (memory.oom_control, memory.events); empty: unknown.
  std::string memory_events;

  std::vector<std::string> warnings;  // DomainStatus.warnings
};

// What a plan may measure, encoded.
inline constexpr size_t kMaximumPlan = 8 << 20;

std::string EncodePlan(LaunchPlan plan);
// False for bytes that are not a plan of this version.
bool DecodePlan(const char* bytes, size_t size, LaunchPlan* plan);

std::string EncodeDevices(DevicePlan devices);
bool DecodeDevices(const std::string& bytes, DevicePlan* devices);

}  // namespace reeve::lxc
