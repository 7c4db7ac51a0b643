// Who is at the other end of a connection.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/authority.h"

namespace reeve::connections {

// How a client came in.
enum class Transport { kUnix, kTls };

// What the TLS handshake tells of a client. Its certificate, if it showed one, has been verified: chain, validity, key
// usage, revocation and the lists of names.
struct TlsPeer {
  bool has_certificate = false;  // without one the client is nobody until it has authenticated by other means
  std::string subject;           // RFC 4514: "CN=alice,O=Example"; control characters are escaped
  std::string issuer;            // RFC 4514
  std::string serial;            // hexadecimal, upper case
  std::vector<std::string> subject_alternative_names;  // "DNS:host", "IP:192.0.2.1", "URI:...", "email:..."
  std::string protocol;                                // "TLSv1.3"
  std::string cipher;                                  // "TLS_AES_256_GCM_SHA384"
};

// Who connected, found out once, before the connection is in the table: of a process on a Unix socket what the kernel
// says (SO_PEERCRED, unix(7)), of a TLS client its certificate and address.
struct Peer {
  Transport transport = Transport::kUnix;
  // Of a Unix client. Those of a TLS client are kNoUser, kNoGroup and 0: never take them for root's.
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  uint64_t pid_start_time = 0;  // clock ticks since boot (proc(5), stat field 22): tells a reused pid
  std::vector<gid_t> groups;    // of the process, primary and supplementary (SO_PEERGROUPS)
  std::string user;             // empty when the uid has no name
  std::string command;          // /proc/PID/comm or cmdline, at most 256 bytes, control characters replaced
  std::string identity;  // "unix:alice(1000)", "x509:CN=alice,O=Example"; of a TLS client without a certificate ""
  std::string remote_address;  // "192.0.2.1:4711", "[2001:db8::1]:4711"; empty for a Unix client
  std::optional<TlsPeer> tls;  // if transport is kTls
};

// As whom a peer counts where the number of one user's clients is limited: by his identity, or, of a TLS client without
// a certificate, by his address.
inline std::string CountedAs(const Peer& peer) {
  return !peer.identity.empty() ? peer.identity
                                : "from " + peer.remote_address.substr(0, peer.remote_address.rfind(':'));
}

// Ids that no user and no group has (credentials(7): (uid_t)-1 means none).
inline constexpr uid_t kNoUser = static_cast<uid_t>(-1);
inline constexpr gid_t kNoGroup = static_cast<gid_t>(-1);

// Who a connection has proved to be. It belongs to the connection and ends with it. Thread-safe.
class ProvedIdentity {
 public:
  // Null until it has been set: such a connection is nobody's.
  std::shared_ptr<const auth::Authority> Get() const {
    const absl::MutexLock lock(&mutex_);
    return authority_;
  }
  void Set(std::shared_ptr<const auth::Authority> authority) {
    const absl::MutexLock lock(&mutex_);
    authority_ = std::move(authority);
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const auth::Authority> authority_ ABSL_GUARDED_BY(mutex_);
};

// One connection. Immutable but for its counters and who it has proved to be; shared by the table and the calls in
// flight. Thread-safe.
struct Connection {
  uint64_t number = 0;  // never used twice while the daemon runs
  Peer peer;
  bool read_only = false;
  absl::Time connect_time;
  std::atomic<uint32_t> calls_in_flight{0};
  std::atomic<uint64_t> calls{0};
  std::atomic<uint32_t> streams{0};          // of the calls in flight
  std::atomic<uint64_t> bytes_in_flight{0};  // of requests being worked on, and of answers on their way
  ProvedIdentity proved;
  std::atomic<bool> closed{false};  // it hung up or was thrown out; never set back

  // For events, logs and records: who it has proved to be, or, before that, what is known of the peer.
  std::string Identity() const {
    const std::shared_ptr<const auth::Authority> authority = proved.Get();
    return authority == nullptr ? peer.identity : authority->identity().text;
  }
};

}  // namespace reeve::connections
