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

enum class FilesystemKind : uint8_t { kMount = 1, kBind = 2, kRam = 3 };

// A file system beside the root.
struct FilesystemPlan {
  FilesystemKind kind = FilesystemKind::kMount;
  std::string source;  // host path (mount), guest path (bind)
  std::string target;  // guest path
  bool read_only = false;
  uint64_t ram_size_kib = 0;
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

// A veth pair.
struct InterfacePlan {
  std::string bridge;      // empty: the host's end is left alone
  std::string mac;         // 6 bytes
  std::string host_name;   // empty: the first free vnetN
  std::string guest_name;  // "eth0"
  bool up = true;
  uint32_t mtu = 0;  // 0: the bridge's
  std::vector<AddressPlan> addresses;
  std::vector<RoutePlan> routes;
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

  std::string root;
  bool root_read_only = false;
  std::vector<FilesystemPlan> filesystems;
  std::vector<InterfacePlan> interfaces;
  std::string hostname;
  uint32_t consoles = 1;

  std::string init;
  std::vector<std::string> arguments;  // with argument 0
  std::vector<std::string> environment;
  std::string directory;
  std::string user;           // empty: 0
  std::string group;          // empty: the user's
  uint64_t capabilities = 0;  // bit n: capability n is kept
  bool personality_32 = false;
  bool restart_on_reboot = true;
  bool paused = false;  // wait for Proceed before the exec

  // For a later daemon: signals to ask the guest with, and the partition of its groups.
  uint32_t shutdown_signal = 15;
  uint32_t reboot_signal = 1;
  std::string partition;
  // Absolute paths of the v1 cgroup.procs files the guest is written to.
  std::vector<std::string> v1_procs;
  // File with a line "oom_kill N" (memory.oom_control, memory.events); empty: unknown.
  std::string memory_events;
};

// What a plan may measure, encoded.
inline constexpr size_t kMaximumPlan = 8 << 20;

std::string EncodePlan(LaunchPlan plan);
// False for bytes that are not a plan of this version.
bool DecodePlan(const char* bytes, size_t size, LaunchPlan* plan);

}  // namespace reeve::lxc
