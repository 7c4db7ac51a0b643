// Who somebody is, as far as it has been proved.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace reeve::auth {

// How it is known.
enum class Proof { kNone, kUnix, kPolkit, kCertificate, kSasl };

// Only what has been proved, and what may be bound to roles. Texts are clean: no control characters.
struct Identity {
  Proof proof = Proof::kNone;
  std::string text;            // in events, logs and audit records: "unix:alice(1000)", "sasl:alice", "x509:CN=node1"
  std::optional<uid_t> uid;    // of the peer's process
  std::string user;            // its name, empty when it has none
  std::vector<gid_t> groups;   // primary and supplementary ones of the process
  std::string subject;         // of the certificate, RFC 4514
  std::vector<std::string> names;  // of the certificate: "DNS:node1"
  std::string sasl_user;
  std::string sasl_mechanism;

  bool proved() const { return proof != Proof::kNone; }
};

}  // namespace reeve::auth
