#include "auth/scram_verifier.h"

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"

namespace reeve::auth {
namespace {

TEST_CASE("the verifier of a known password") {
  // User "user", password "pencil", salt and iterations of the example in RFC 7677, 3; the keys follow from RFC
  // 5802, 3.
  std::string salt;
  REQUIRE(absl::Base64Unescape("W22ZaJ0SNY7soEsUEjb6gQ==", &salt));
  CHECK(*MakeScramVerifier("pencil", salt, 4096) ==
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
}

TEST_CASE("salts differ, and so do verifiers") {
  CHECK(NewSalt()->size() == 32);
  CHECK(*NewSalt() != *NewSalt());
  CHECK(*MakeScramVerifier("a", *NewSalt(), 4096) != *MakeScramVerifier("a", *NewSalt(), 4096));
  CHECK_FALSE(MakeScramVerifier("", "salt", 4096).ok());
}

TEST_CASE("a decoy looks the same every time for the same user") {
  const auto salt_of = [](const std::string& user, const std::string& key) {
    const std::string message = *ScramDecoy("n,,n=" + user + ",r=abcdef", key);
    CHECK(message.rfind("r=abcdef", 0) == 0);
    const size_t salt = message.find(",s=");
    return message.substr(salt);
  };
  CHECK(salt_of("alice", "key") == salt_of("alice", "key"));
  CHECK(salt_of("alice", "key") != salt_of("bob", "key"));
  CHECK(salt_of("alice", "key") != salt_of("alice", "other"));
  CHECK_FALSE(ScramDecoy("garbage", "key").ok());
}

}  // namespace
}  // namespace reeve::auth
