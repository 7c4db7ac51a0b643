#include "client/server_name.h"

#include <catch2/catch.hpp>

#include "auth/testing/certificates.h"

namespace reeve::client {
namespace {

absl::Status Check(const std::string& names, const std::string& host, const std::string& common_name = "cn.example") {
  auth::testing::CertificateOptions options{.subject = {{"CN", common_name}}};
  if (!names.empty()) options.extensions = {{"subjectAltName", names}};
  return CheckServerName(auth::testing::Issue(options).certificate.get(), host);
}

TEST_CASE("alternative names count, and the common name only without them") {
  CHECK(Check("DNS:a.example,DNS:b.example", "b.example").ok());
  CHECK(Check("DNS:a.example", "A.EXAMPLE").ok());
  CHECK_FALSE(Check("DNS:a.example", "cn.example").ok());
  CHECK(Check("", "cn.example").ok());
  CHECK(Check("IP:192.0.2.1", "cn.example").ok());
  CHECK_FALSE(Check("", "other.example").ok());
}

TEST_CASE("a wildcard stands for one whole label") {
  CHECK(Check("DNS:*.example.com", "a.example.com").ok());
  CHECK_FALSE(Check("DNS:*.example.com", "a.b.example.com").ok());
  CHECK_FALSE(Check("DNS:*.example.com", "example.com").ok());
  CHECK_FALSE(Check("DNS:a*.example.com", "ab.example.com").ok());
}

TEST_CASE("addresses are compared with addresses") {
  CHECK(Check("IP:192.0.2.1", "192.0.2.1").ok());
  CHECK(Check("IP:2001:db8::1", "2001:DB8:0::1").ok());
  CHECK_FALSE(Check("DNS:192.0.2.1", "192.0.2.1").ok());
  CHECK_FALSE(Check("", "192.0.2.1", "192.0.2.1").ok());
}

TEST_CASE("the error says for whom it is") {
  CHECK(Check("DNS:a.example,IP:192.0.2.1", "b.example").message() ==
        "is for DNS:a.example, IP:192.0.2.1, not for b.example");
  CHECK(Check("", "b.example").message() == "is for CN=cn.example, not for b.example");
}

}  // namespace
}  // namespace reeve::client
