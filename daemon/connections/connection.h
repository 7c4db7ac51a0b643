// Who is at the other end of a connection.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace reeve::connections {

// How a client came in.
enum class Transport { kUnix, kTls };

// What the kernel says of the process that connected (SO_PEERCRED, unix(7)), read once at accept.
struct Peer {
  Transport transport = Transport::kUnix;
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  uint64_t pid_start_time = 0;  // clock ticks since boot (proc(5), stat field 22): tells a reused pid
  std::string user;             // empty when the uid has no name
  std::string command;          // /proc/PID/comm or cmdline, at most 256 bytes, control characters replaced
  std::string identity;         // "unix:alice(1000)"
};

// One connection. Immutable but for its counters; shared by the table and the calls in flight. Thread-safe.
struct Connection {
  uint64_t number = 0;  // never used twice while the daemon runs
  Peer peer;
  bool read_only = false;
  absl::Time connect_time;
  std::atomic<uint32_t> calls_in_flight{0};
  std::atomic<uint64_t> calls{0};
  std::atomic<bool> closed{false};  // it hung up or was thrown out; never set back
};

}  // namespace reeve::connections
