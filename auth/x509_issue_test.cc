#include "auth/x509_issue.h"

#include <catch2/catch.hpp>

#include "auth/x509_files.h"
#include "auth/x509_names.h"

namespace reeve::auth {
namespace {

constexpr CertificateUse kUses[] = {CertificateUse::kServer, CertificateUse::kClient};

struct Maker {
  absl::Time now = absl::Now();
  util::UniqueKey key = *GenerateKey();
  util::UniqueCertificate certificate = *IssueCertificate({.use = CertificateUse::kAuthority,
                                                           .common_name = "A CA",
                                                           .organization = "Example",
                                                           .begin = now - absl::Hours(1),
                                                           .end = now + absl::Hours(1000)},
                                                          key.get(), nullptr, key.get());

  absl::StatusOr<util::UniqueCertificate> Issue(CertificatePlan plan, EVP_PKEY* subject_key) const {
    return IssueCertificate(plan, subject_key, certificate.get(), key.get());
  }
  std::vector<util::UniqueCertificate> Authorities() const {
    return *ParseAuthorities({.path = "ca", .text = *CertificatePem(certificate.get())}, now);
  }
  absl::Status Check(X509* one, EVP_PKEY* one_key, CertificateUse use) const {
    const auto credentials =
        ParseCredentials({.path = "c", .text = *CertificatePem(one)}, {.path = "k", .text = *KeyPem(one_key)});
    if (!credentials.ok()) return credentials.status();
    return CheckCredentials(*credentials, use, Authorities(), now, "c");
  }
};

TEST_CASE("what is issued passes the daemon's own rules, for its use only") {
  const Maker ca;
  for (const CertificateUse use : kUses) {
    const util::UniqueKey key = *GenerateKey();
    const auto made = ca.Issue({.use = use,
                                .common_name = "node1",
                                .organization = "Example",
                                .names = {"DNS:node1.example.org", "IP:192.0.2.1", "IP:2001:db8::1"},
                                .begin = ca.now - absl::Hours(1),
                                .end = ca.now + absl::Hours(10)},
                               key.get());
    REQUIRE(made.ok());
    CHECK(ca.Check(made->get(), key.get(), use).message() == "");
    for (const CertificateUse other : kUses) CHECK(CheckUse(made->get(), other).sound() == (other == use));
    CHECK_FALSE(CheckUse(made->get(), CertificateUse::kAuthority).sound());
    CHECK(SubjectText(made->get()) == "CN=node1,O=Example");
    CHECK(AlternativeNames(made->get()) ==
          std::vector<std::string>{"DNS:node1.example.org", "IP:192.0.2.1", "IP:2001:db8::1"});
  }
}

TEST_CASE("serial numbers differ, and no certificate outlives its issuer") {
  const Maker ca;
  const util::UniqueKey key = *GenerateKey();
  const CertificatePlan plan{.common_name = "a", .begin = ca.now, .end = ca.now + absl::Hours(100000)};
  const auto first = ca.Issue(plan, key.get());
  const auto second = ca.Issue(plan, key.get());
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(SerialText(X509_get0_serialNumber(first->get())) != SerialText(X509_get0_serialNumber(second->get())));
  CHECK(ASN1_TIME_compare(X509_get0_notAfter(first->get()), X509_get0_notAfter(ca.certificate.get())) == 0);
  CHECK(absl::IsFailedPrecondition(
      ca.Issue({.common_name = "a", .begin = ca.now + absl::Hours(2000), .end = ca.now + absl::Hours(3000)}, key.get())
          .status()));
}

TEST_CASE("a renewed certificate says the same, for the same key or another, for another time") {
  const Maker ca;
  const util::UniqueKey key = *GenerateKey();
  const util::UniqueKey other = *GenerateKey();
  const auto made = ca.Issue({.use = CertificateUse::kServer,
                              .common_name = "node1",
                              .names = {"DNS:node1"},
                              .begin = ca.now - absl::Hours(9),
                              .end = ca.now - absl::Hours(8)},
                             key.get());
  REQUIRE(made.ok());
  for (EVP_PKEY* next : {key.get(), other.get()}) {
    const auto again = RenewCertificate(made->get(), ca.now - absl::Hours(1), ca.now + absl::Hours(1), next,
                                        ca.certificate.get(), ca.key.get());
    REQUIRE(again.ok());
    CHECK(ca.Check(again->get(), next, CertificateUse::kServer).message() == "");
    CHECK(SubjectText(again->get()) == "CN=node1");
    CHECK(AlternativeNames(again->get()) == std::vector<std::string>{"DNS:node1"});
    CHECK(X509_get_ext_count(again->get()) == X509_get_ext_count(made->get()));
  }
}

TEST_CASE("a renewed authority still vouches for what it signed before") {
  Maker ca;
  const util::UniqueKey key = *GenerateKey();
  const auto made = ca.Issue({.common_name = "a", .begin = ca.now, .end = ca.now + absl::Hours(10)}, key.get());
  REQUIRE(made.ok());
  auto again =
      RenewCertificate(ca.certificate.get(), ca.now, ca.now + absl::Hours(5000), ca.key.get(), nullptr, ca.key.get());
  REQUIRE(again.ok());
  ca.certificate = *std::move(again);
  CHECK(ca.Check(made->get(), key.get(), CertificateUse::kClient).message() == "");
}

TEST_CASE("names of hosts and addresses") {
  for (const auto& [text, name] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Node1.Example.org", "DNS:node1.example.org"},
                                                                  {"DNS:node1", "DNS:node1"},
                                                                  {"*.example.org", "DNS:*.example.org"},
                                                                  {"192.0.2.1", "IP:192.0.2.1"},
                                                                  {"[2001:DB8::0:1]", "IP:2001:db8::1"},
                                                                  {"IP:::1", "IP:::1"}}) {
    CHECK(AlternativeName(text).value_or("none") == name);
  }
  for (const char* text :
       {"", ".", "a..b", "-a", "a b", "a/b", "a,DNS:b", "*", "a.*.b", "IP:node1", "IP:1.2.3", "a\n"}) {
    CHECK(absl::IsInvalidArgument(AlternativeName(text).status()));
  }
  CHECK_FALSE(AlternativeName(std::string(64, 'a')).ok());
}

TEST_CASE("common names are short, printable UTF-8") {
  CHECK(CheckCommonName("alice@host").ok());
  CHECK(CheckCommonName("J\xc3\xb6rg").ok());
  CHECK(CheckCommonName(std::string(64, 'a')).ok());
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("a\nb"), std::string("a\0b", 3),
                                 std::string("\xff"), std::string("\xc2\x85")}) {
    CHECK_FALSE(CheckCommonName(bad).ok());
  }
}

TEST_CASE("a request proves the possession of its key, and nothing weak is taken") {
  const util::UniqueKey key = *GenerateKey();
  const std::string der = *MakeCertificateRequest(key.get());
  const auto parsed = ParseCertificateRequest(der);
  REQUIRE(parsed.ok());
  CHECK(EVP_PKEY_eq(parsed->get(), key.get()) == 1);
  for (size_t i = 0; i < der.size(); ++i) CHECK_FALSE(ParseCertificateRequest(der.substr(0, i)).ok());
  std::string forged = der;
  forged[forged.size() / 2] ^= 1;
  CHECK_FALSE(ParseCertificateRequest(forged).ok());
  CHECK_FALSE(ParseCertificateRequest(der + "x").ok());
  CHECK_FALSE(ParseCertificateRequest(std::string(20000, 'x')).ok());
  CHECK_FALSE(ParseCertificateRequest("").ok());
  const util::UniqueKey weak(EVP_RSA_gen(1024));
  CHECK_THAT(std::string(ParseCertificateRequest(*MakeCertificateRequest(weak.get())).status().message()),
             Catch::Contains("1024 bits"));
  const util::UniqueKey odd(EVP_EC_gen("secp224r1"));
  CHECK_FALSE(ParseCertificateRequest(*MakeCertificateRequest(odd.get())).ok());
  const util::UniqueKey edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  CHECK(ParseCertificateRequest(*MakeCertificateRequest(edwards.get())).ok());
}

TEST_CASE("a revocation list has its lines, its number and the issuer's signature") {
  const Maker ca;
  const auto pem = MakeRevocations({{"0A1B", ca.now}, {"FFEEDDCCBBAA99887766554433221100", ca.now}}, 7, ca.now,
                                   ca.now + absl::Hours(1), ca.certificate.get(), ca.key.get());
  REQUIRE(pem.ok());
  const auto lists = ParseRevocations({.path = "crl", .text = *pem});
  REQUIRE(lists.ok());
  X509_CRL* list = lists->front().get();
  CHECK(X509_CRL_verify(list, ca.key.get()) == 1);
  CHECK(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)) == 2);
  CHECK_FALSE(MakeRevocations({{"not hex", ca.now}}, 1, ca.now, ca.now, ca.certificate.get(), ca.key.get()).ok());
}

}  // namespace
}  // namespace reeve::auth
