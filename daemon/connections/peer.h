// Finds out who is at the other end of a Unix socket.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/connections/connection.h"
#include "util/clock.h"

namespace reeve::connections {

// `text` as it may stand in logs, on terminals and in proto3 strings: control characters (C0, DEL, C1) and bytes that
// are not UTF-8 become '?', blanks around it go, and at most `limit` bytes are left.
std::string Sanitize(absl::string_view text, size_t limit);

// The start time of a process from the text of /proc/PID/stat (proc(5), field 22); 0 when it is not there. The command
// (field 2) is the process's own choice and may hold blanks and parentheses.
uint64_t ParseStartTime(absl::string_view stat);

// Where failures are counted: by user on this host ("uid 1000"), else by address, whatever the port.
std::string SourceOf(const Peer& peer);

// Reads credentials (SO_PEERCRED, unix(7)), the process's entry in /proc and the user's name. A process that has ended
// already has no command and start time 0. Names are kept for a minute, at most 1024 of them. Not thread-safe.
class PeerReader {
 public:
  struct Options {
    std::string proc = "/proc";
    // Name of a user; empty when there is none. Default: getpwuid_r(3).
    std::function<std::string(uid_t)> user_name;
    // Credentials of a socket's peer. Default: SO_PEERCRED.
    std::function<absl::StatusOr<ucred>(int socket)> credentials;
    const util::Clock* clock = nullptr;  // null: the real one
  };
  explicit PeerReader(Options options);

  absl::StatusOr<Peer> Read(int socket);

 private:
  struct CachedName {
    std::string name;
    absl::Duration expires;
  };
  const std::string& UserName(uid_t uid);
  std::string Command(pid_t pid) const;

  Options options_;
  std::map<uid_t, CachedName> names_;
};

}  // namespace reeve::connections
