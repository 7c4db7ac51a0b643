// SASL, the server's side (RFC 4422), by Cyrus SASL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::auth {

// One exchange with one client. Used by one thread at a time; a step may take some ten milliseconds of work, and with
// saslauthd wait for another process.
class SaslExchange {
 public:
  struct Step {
    std::optional<std::string> challenge;  // for the client; with `done` the proof that the server knows the secret
    bool done = false;                     // the client has proved who he is
  };
  virtual ~SaslExchange() = default;

  // First the client's initial response, if the mechanism has one, then each of its answers. The error says what Cyrus
  // says; it is for the log, never for the client.
  virtual absl::StatusOr<Step> Start(const std::optional<std::string>& initial_response) = 0;
  virtual absl::StatusOr<Step> Continue(const std::string& response) = 0;
  // Once done: the user, without the realm of our own database.
  virtual std::string user() const = 0;
};

// Makes exchanges. Thread-safe.
class Sasl {
 public:
  virtual ~Sasl() = default;
  // What of a connection matters to mechanisms.
  struct Channel {
    bool encrypted = false;           // by TLS: PLAIN is possible
    std::string certificate_subject;  // not empty: EXTERNAL is possible
  };
  // Those of the configured mechanisms that are possible here, in the order of the configuration.
  virtual std::vector<std::string> Mechanisms(const Channel& channel) const = 0;
  // An exchange by one of them.
  virtual absl::StatusOr<std::unique_ptr<SaslExchange>> Begin(const std::string& mechanism, const Channel& channel) = 0;
};

struct SaslOptions {
  std::vector<std::string> mechanisms;
  std::string database;          // of users, written by SaslDatabase
  bool saslauthd = false;        // PLAIN asks saslauthd(8), not the database
  std::string saslauthd_socket;  // empty: where Cyrus has it
  std::string keytab;            // of Kerberos; empty: the system's
  std::string host;              // in the name of the service, reeve/HOST; empty: the host's name
  std::string decoy_key;         // set by MakeSasl
};

// The names that may be configured. Others are weak (clear text without need, MD5, SHA-1) or meaningless here, or not
// known; the text says which, and is empty for those that may be.
std::string CheckMechanism(absl::string_view name);

// The real thing. Cyrus keeps state for the whole process: there can be one at a time, and the key tab of the first
// stays.
absl::StatusOr<std::unique_ptr<Sasl>> MakeSasl(SaslOptions options);

// The realm under which our database keeps its users.
inline constexpr char kSaslRealm[] = "reeve";
// The service, as in the Kerberos principal reeve/HOST@REALM.
inline constexpr char kSaslService[] = "reeve";

}  // namespace reeve::auth
