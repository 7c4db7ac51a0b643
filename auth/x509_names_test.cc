#include "auth/x509_names.h"

#include <catch2/catch.hpp>

#include "auth/testing/certificates.h"

namespace reeve::auth {
namespace {

std::string Subject(std::vector<std::pair<std::string, std::string>> subject) {
  return SubjectText(testing::Issue({.subject = std::move(subject)}).certificate.get());
}

TEST_CASE("names are written as RFC 4514 wants them") {
  CHECK(Subject({{"C", "DE"}, {"O", "Example"}, {"CN", "alice"}}) == "CN=alice,O=Example,C=DE");
  CHECK(Subject({{"O", "Foo, Inc."}, {"CN", "a+b=c"}}) == "CN=a\\+b=c,O=Foo\\, Inc.");
  CHECK(Subject({{"CN", "J\xc3\xbcrgen"}}) == "CN=J\xc3\xbcrgen");
  CHECK(Subject({{"CN", "a\nb"}}) == "CN=a\\0Ab");
  CHECK(Subject({{"CN", std::string("a\0b", 3)}}) == "CN=a\\00b");
  CHECK(Subject({}) == "");
}

TEST_CASE("alternative names have their kind before them") {
  const auto issued =
      testing::Issue({.extensions = {{"subjectAltName",
                                      "DNS:A.Example.com,IP:192.0.2.1,IP:2001:db8::1,URI:spiffe://x/y,email:a@b.c,"
                                      "RID:1.2.3.4"}}});
  CHECK(AlternativeNames(issued.certificate.get()) == std::vector<std::string>{"DNS:a.example.com", "IP:192.0.2.1",
                                                                               "IP:2001:db8::1", "URI:spiffe://x/y",
                                                                               "email:a@b.c"});
  CHECK(AlternativeNames(testing::Issue({}).certificate.get()).empty());
}

TEST_CASE("issuer, serial number and times") {
  const auto ca = testing::IssueAuthority();
  const auto issued = testing::Issue({.serial = 0x0a1b}, &ca);
  CHECK(IssuerText(issued.certificate.get()) == "CN=Example CA,O=Example");
  CHECK(SerialText(X509_get0_serialNumber(issued.certificate.get())) == "0A1B");
  CHECK(ToTime(nullptr) == absl::InfinitePast());
  CHECK(TimeText(absl::UnixEpoch()) == "1970-01-01 00:00:00 UTC");
  const absl::Time end = ToTime(X509_get0_notAfter(issued.certificate.get()));
  CHECK(end > absl::Now() + absl::Hours(23));
  CHECK(end < absl::Now() + absl::Hours(25));
}

}  // namespace
}  // namespace reeve::auth
