#include "auth/x509_rules.h"

#include <catch2/catch.hpp>

#include "auth/testing/certificates.h"

namespace reeve::auth {
namespace {

using Extensions = std::vector<std::pair<std::string, std::string>>;

X509Finding Use(const Extensions& extensions, CertificateUse use) {
  return CheckUse(testing::Issue({.extensions = extensions}).certificate.get(), use);
}

TEST_CASE("an authority must say that it is one and may sign certificates") {
  constexpr auto kUse = CertificateUse::kAuthority;
  CHECK(Use({{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}}, kUse).sound());
  CHECK(Use({{"basicConstraints", "CA:TRUE"}}, kUse).sound());
  for (const Extensions& bad : {Extensions{}, Extensions{{"basicConstraints", "CA:FALSE"}},
                                Extensions{{"basicConstraints", "CA:TRUE"}, {"keyUsage", "digitalSignature"}},
                                Extensions{{"basicConstraints", "CA:TRUE"}, {"keyUsage", "critical,cRLSign"}}}) {
    CHECK(Use(bad, kUse).error == X509_V_ERR_INVALID_CA);
  }
}

TEST_CASE("a server's and a client's certificate must be made for it, critical or not") {
  const struct {
    CertificateUse use;
    std::string right, wrong;
  } kinds[] = {{CertificateUse::kServer, "serverAuth", "clientAuth"},
               {CertificateUse::kClient, "clientAuth", "serverAuth"}};
  for (const auto& kind : kinds) {
    CHECK(Use({}, kind.use).sound());
    CHECK(Use({{"basicConstraints", "CA:FALSE"}, {"keyUsage", "digitalSignature"}}, kind.use).sound());
    CHECK(Use({{"extendedKeyUsage", kind.right}}, kind.use).sound());
    CHECK(Use({{"extendedKeyUsage", "critical," + kind.wrong + "," + kind.right}}, kind.use).sound());
    CHECK(Use({{"extendedKeyUsage", "anyExtendedKeyUsage"}}, kind.use).sound());
    for (const std::string critical : {"", "critical,"}) {
      CHECK(Use({{"extendedKeyUsage", critical + kind.wrong}}, kind.use).error == X509_V_ERR_INVALID_PURPOSE);
      CHECK(Use({{"keyUsage", critical + "keyEncipherment"}}, kind.use).error == X509_V_ERR_INVALID_PURPOSE);
      CHECK(Use({{"basicConstraints", critical + "CA:TRUE"}}, kind.use).error == X509_V_ERR_CERT_REJECTED);
    }
  }
}

TEST_CASE("an extension that is given twice is refused") {
  CHECK(Use({{"basicConstraints", "CA:FALSE"}, {"basicConstraints", "CA:TRUE"}}, CertificateUse::kClient).error ==
        X509_V_ERR_CERT_REJECTED);
}

TEST_CASE("validity is judged by the time given, with both ends inside") {
  const auto issued = testing::Issue({.begin_seconds = -10, .end_seconds = 10});
  const X509* certificate = issued.certificate.get();
  const absl::Time now = absl::Now();
  CHECK(CheckValidity(certificate, now).sound());
  CHECK(CheckValidity(certificate, now - absl::Minutes(1)).error == X509_V_ERR_CERT_NOT_YET_VALID);
  CHECK(CheckValidity(certificate, now + absl::Minutes(1)).error == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK_THAT(CheckValidity(certificate, now + absl::Minutes(1)).text, Catch::StartsWith("has expired on 2"));
}

}  // namespace
}  // namespace reeve::auth
