// What a server keeps of a password for SCRAM (RFC 5802, RFC 7677): enough to check a proof, not enough to make one.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::auth {

// "SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY" in base64, as Cyrus SASL reads the property authPassword (RFC
// 5803). The password is taken as it is, not empty. INTERNAL when OpenSSL fails.
absl::StatusOr<std::string> MakeScramVerifier(absl::string_view password, absl::string_view salt, int iterations);

// 32 random bytes, as many as Cyrus takes for a salt.
absl::StatusOr<std::string> NewSalt();

// OWASP's number of 2023 for PBKDF2 with HMAC-SHA-256 is ten times this, but Cyrus takes at most 65536.
inline constexpr int kScramIterations = 16384;

// The server's first message to a client whose user there is not, from the client's first ("n,,n=USER,r=NONCE"): like
// that of a real one, and the same salt every time for the same `key`. INVALID_ARGUMENT when it is not of that form.
absl::StatusOr<std::string> ScramDecoy(absl::string_view client_first, absl::string_view key);

}  // namespace reeve::auth
