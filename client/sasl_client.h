// SASL, the client's side, by Cyrus SASL.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reeve::client {

// What a mechanism asks of its user.
struct CredentialRequest {
  enum class Kind { kUser, kPassword };
  Kind kind = Kind::kUser;
  std::string host;  // "localhost" for a daemon of this host
  std::string user;  // for kPassword, if it is known
};
// Gives it; an error ends the exchange with it.
using CredentialSource = std::function<absl::StatusOr<std::string>(const CredentialRequest&)>;

// One exchange. Not thread-safe. Asks the source at most once for each kind.
class SaslClient {
 public:
  struct First {
    std::string mechanism;  // the one of those offered that it takes
    std::optional<std::string> response;
  };
  virtual ~SaslClient() = default;

  // `encrypted`: the connection is, so that a password may go in the clear (PLAIN).
  static absl::StatusOr<std::unique_ptr<SaslClient>> Make(const std::string& host, bool encrypted,
                                                          CredentialSource credentials);
  // Takes the first of these mechanisms that can be used. UNAVAILABLE when there is none.
  virtual absl::StatusOr<First> Start(const std::vector<std::string>& mechanisms) = 0;
  // The answer to a challenge. UNAUTHENTICATED when the server has not proved that it knows the secret.
  virtual absl::StatusOr<std::string> Step(const std::string& challenge) = 0;
  // The exchange is over for the client, too: the server has said enough.
  virtual bool done() const = 0;
};

}  // namespace reeve::client
