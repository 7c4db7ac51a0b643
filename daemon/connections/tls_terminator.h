// TLS on the outside, a plain socket for gRPC on the inside.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/connections/acceptor.h"
#include "daemon/connections/table.h"
#include "daemon/connections/tcp_listener.h"
#include "daemon/connections/tls_files.h"
#include "daemon/connections/tls_handshakes.h"
#include "daemon/connections/tls_pumps.h"

namespace reeve::connections {

// Two threads: handshakes, and the bytes of those who are in. A client whose handshake is done gets a socketpair; one
// end is pumped to the network, the other enters the table and goes to gRPC as if it were a Unix client's. Needs four
// descriptors a client. Thread-safe.
class TlsTerminator {
 public:
  // What may be changed while it runs.
  struct Settings {
    TlsFiles::Locate locate;
    TlsPolicy policy;
    HandshakeLimits limits;
    // Whether a client must show a certificate. One that need not and does not has no identity.
    bool certificate_required = true;
  };

  // Reads the files, and serves. Needs at least one listener; acceptor, table and clock outlive it. The error names the
  // file and what is wrong with it.
  static absl::StatusOr<std::unique_ptr<TlsTerminator>> Start(std::vector<TcpListener> listeners, Settings settings,
                                                              Acceptor* acceptor, Table* table,
                                                              const util::Clock* clock = &util::Clock::Real());
  // Cuts what is left.
  ~TlsTerminator();

  // Closes the listeners and drops those who are in their handshake. Returns when it is done.
  void StopListening() { handshakes_->StopListening(); }
  // Waits at most so long until the last answers have been sent; the server has been shut down before.
  void AwaitEmpty(absl::Duration timeout) { pumps_->AwaitEmpty(timeout); }

  // Takes over what a new configuration says, and reads the files again, for those who come from now on. After an error
  // the old certificate stays in use; all the rest is taken over in any case.
  absl::Status Reload(Settings settings);
  // What a client must know to find this server and to know it.
  struct Description {
    std::vector<std::string> names;      // of our certificate: "DNS:host", "IP:192.0.2.1"
    std::string root_sha256;             // of the authority's certificate at the end of our chain, 32 bytes
    std::vector<std::string> addresses;  // that are listened on, "192.0.2.1:16520"
  };
  Description Describe() const;
  // While this is set clients without a certificate may come in whatever the configuration says: who redeems a token
  // has none yet.
  void SetEnrolling(bool enrolling);

 private:
  TlsTerminator(Acceptor* acceptor, Table* table) : acceptor_(acceptor), table_(table) {}
  void Establish(TlsHandshakes::Client client);
  void EndRevoked(const TlsContext& context);
  void UpdateRequirement() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Acceptor* const acceptor_;
  Table* const table_;
  std::unique_ptr<TlsFiles> files_;
  std::vector<std::string> addresses_;
  absl::Mutex mutex_;
  bool certificate_required_ ABSL_GUARDED_BY(mutex_) = true;
  bool enrolling_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<TlsPumps> pumps_;
  std::unique_ptr<TlsHandshakes> handshakes_;
};

}  // namespace reeve::connections
