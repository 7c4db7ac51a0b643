#include "auth/x509_files.h"

#include <catch2/catch.hpp>

#include "auth/testing/certificates.h"

namespace reeve::auth {
namespace {

using Catch::Contains;
using testing::Issue;
using testing::IssueAuthority;

PemText Pem(const std::string& text) {
  return {.path = "/x/file.pem", .text = text};
}

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

TEST_CASE("certificates are read in the file's order, and what is none is refused by place") {
  const auto a = Issue({.subject = {{"CN", "a"}}});
  const auto b = Issue({.subject = {{"CN", "b"}}});
  const auto both = ParseCertificates(Pem("text before\n" + a.certificate_pem() + b.key_pem() + b.certificate_pem()));
  REQUIRE(both.ok());
  REQUIRE(both->size() == 2);
  CHECK(X509_cmp(both->at(1).get(), b.certificate.get()) == 0);
  CHECK_THAT(Message(ParseCertificates(Pem("")).status()), Contains("/x/file.pem: there is no certificate"));
  const std::string broken = a.certificate_pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  CHECK_THAT(Message(ParseCertificates(Pem(broken)).status()), Contains("/x/file.pem: certificate 2: "));
  CHECK_FALSE(ParseCertificates(Pem(a.certificate_pem().substr(0, 200))).ok());
  CHECK(absl::IsNotFound(ParseCertificates(ReadPem("/nonexistent/file.pem")).status()));
}

TEST_CASE("a key is read, unless it has a passphrase") {
  const auto a = Issue({});
  CHECK(ParseKey(Pem(a.key_pem())).ok());
  CHECK_THAT(Message(ParseKey(Pem(a.key_pem("secret"))).status()), Contains("protected by a passphrase"));
  CHECK_THAT(Message(ParseKey(Pem(a.certificate_pem())).status()), Contains("private key"));
}

TEST_CASE("a key must belong to its certificate") {
  const auto a = Issue({});
  const auto b = Issue({});
  CHECK(ParseCredentials(Pem(a.certificate_pem()), Pem(a.key_pem())).ok());
  CHECK_THAT(Message(ParseCredentials(Pem(a.certificate_pem()), Pem(b.key_pem())).status()),
             Contains("does not belong to the certificate"));
}

TEST_CASE("credentials must be signed by an authority, directly or by a chain") {
  const auto ca = IssueAuthority();
  const auto sub = IssueAuthority("Sub CA", &ca);
  const auto other = IssueAuthority("Other CA");
  const auto alice = Issue({}, &sub);
  const absl::Time now = absl::Now();
  const auto authorities = ParseAuthorities(Pem(ca.certificate_pem()), now);
  const auto others = ParseAuthorities(Pem(other.certificate_pem()), now);
  REQUIRE(authorities.ok());
  REQUIRE(others.ok());
  const auto whole = ParseCredentials(Pem(alice.certificate_pem() + sub.certificate_pem()), Pem(alice.key_pem()));
  const auto alone = ParseCredentials(Pem(alice.certificate_pem()), Pem(alice.key_pem()));
  REQUIRE(whole.ok());
  REQUIRE(alone.ok());
  constexpr auto kUse = CertificateUse::kClient;
  CHECK(CheckCredentials(*whole, kUse, *authorities, now, "/x/a.pem").ok());
  CHECK_THAT(Message(CheckCredentials(*alone, kUse, *authorities, now, "/x/a.pem")),
             Contains("/x/a.pem: ") && Contains("not signed by an authority of ours"));
  CHECK_FALSE(CheckCredentials(*whole, kUse, *others, now, "/x/a.pem").ok());
  CHECK_THAT(Message(CheckCredentials(*whole, kUse, *authorities, now + absl::Hours(48), "/x/a.pem")),
             Contains("has expired on"));
}

TEST_CASE("authorities are judged one by one") {
  const auto ca = IssueAuthority();
  const auto alice = Issue({}, &ca);
  CHECK_THAT(Message(ParseAuthorities(Pem(ca.certificate_pem() + alice.certificate_pem()), absl::Now()).status()),
             Contains("CN=alice,O=Example is no authority's"));
}

TEST_CASE("revocation lists are read") {
  const auto ca = IssueAuthority();
  CHECK(ParseRevocations(Pem(testing::Revocations(ca, {1, 2}))).ok());
  CHECK_FALSE(ParseRevocations(Pem(ca.certificate_pem())).ok());
}

}  // namespace
}  // namespace reeve::auth
