#include "auth/scram_verifier.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace reeve::auth {
namespace {

constexpr size_t kSaltBytes = 32;
using Key = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

bool Hmac(const Key& key, absl::string_view text, Key* result) {
  unsigned length = 0;
  return HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), result->data(), &length) != nullptr;
}

std::string Base64(const Key& key) {
  return absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

}  // namespace

absl::StatusOr<std::string> MakeScramVerifier(absl::string_view password, absl::string_view salt, int iterations) {
  if (password.empty()) return absl::InvalidArgumentError("the password is empty");
  Key salted;
  Key client_key;
  Key server_key;
  Key stored_key;
  const bool made =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()), iterations,
                        EVP_sha256(), static_cast<int>(salted.size()), salted.data()) == 1 &&
      Hmac(salted, "Client Key", &client_key) && Hmac(salted, "Server Key", &server_key) &&
      SHA256(client_key.data(), client_key.size(), stored_key.data()) != nullptr;
  if (!made) return absl::InternalError("make a SCRAM verifier: OpenSSL failed");
  return absl::StrCat("SCRAM-SHA-256$", iterations, ":", absl::Base64Escape(salt), "$", Base64(stored_key), ":",
                      Base64(server_key));
}

absl::StatusOr<std::string> NewSalt() {
  std::string salt(kSaltBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1) {
    return absl::InternalError("make a salt: OpenSSL has no random bytes");
  }
  return salt;
}

absl::StatusOr<std::string> ScramDecoy(absl::string_view client_first, absl::string_view key) {
  const size_t name = client_first.find("n=");
  const size_t nonce = client_first.find(",r=");
  if (name == absl::string_view::npos || nonce == absl::string_view::npos || nonce < name) {
    return absl::InvalidArgumentError("the client's first message is not SCRAM's");
  }
  const absl::string_view user = client_first.substr(name + 2, nonce - name - 2);
  absl::string_view client_nonce = client_first.substr(nonce + 3);
  client_nonce = client_nonce.substr(0, client_nonce.find(','));
  Key salt;
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(user.data()),
           user.size(), salt.data(), &length) == nullptr) {
    return absl::InternalError("make a salt: OpenSSL failed");
  }
  const absl::StatusOr<std::string> random = NewSalt();
  if (!random.ok()) return random.status();
  // 32 characters behind the client's, as Cyrus adds.
  return absl::StrCat("r=", client_nonce, absl::Base64Escape(random->substr(0, 24)), ",s=", Base64(salt),
                      ",i=", kScramIterations);
}

}  // namespace reeve::auth
