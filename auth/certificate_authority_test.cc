#include "auth/certificate_authority.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "auth/x509_files.h"
#include "auth/x509_names.h"
#include "util/files.h"

namespace reeve::auth {
namespace {

using Catch::Contains;

class Folder {
 public:
  Folder() {
    char path[] = "/tmp/reeve-authority-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  AuthorityPaths paths() const { return AuthorityPaths(path_ + "/etc/pki/CA"); }

 private:
  std::string path_;
};

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

CertificatePlan Plan(CertificateUse use, const std::string& name, absl::Time now) {
  return {.use = use,
          .common_name = name,
          .organization = "Example",
          .begin = now - absl::Hours(1),
          .end = now + absl::Hours(100)};
}

TEST_CASE("an authority is made once, with modes that keep its key, whatever the umask is") {
  const Folder folder;
  const absl::Time now = absl::Now();
  const CertificatePlan plan = Plan(CertificateUse::kAuthority, "A CA", now);
  for (const mode_t mask : {022, 077, 0}) {
    const mode_t before = ::umask(mask);
    REQUIRE(CertificateAuthority::Create(folder.paths(), plan, true).ok());
    ::umask(before);
    CHECK(ModeOf(folder.paths().key) == 0600);
    CHECK(ModeOf(folder.paths().certificate) == 0644);
    CHECK(ModeOf(folder.paths().directory + "/private") == 0700);
    CHECK(ModeOf(folder.paths().directory) == 0755);
  }
  const auto status = CertificateAuthority::Create(folder.paths(), plan, false);
  CHECK(absl::IsAlreadyExists(status));
  CHECK_THAT(std::string(status.message()), Contains("cacert.pem"));
}

TEST_CASE("what is issued is in the list, can be revoked by it, and the list survives") {
  const Folder folder;
  const absl::Time now = absl::FromTimeT(absl::ToTimeT(absl::Now()));
  REQUIRE(CertificateAuthority::Create(folder.paths(), Plan(CertificateUse::kAuthority, "A CA", now), false).ok());
  const util::UniqueKey key = *GenerateKey();
  std::string serial;
  {
    auto authority = CertificateAuthority::Open(folder.paths());
    REQUIRE(authority.ok());
    const auto made = authority->Issue(Plan(CertificateUse::kClient, "alice", now), key.get());
    REQUIRE(made.ok());
    serial = SerialText(X509_get0_serialNumber(made->get()));
    REQUIRE(authority->Renew(made->get(), now, now + absl::Hours(50), key.get()).ok());
  }
  {
    auto authority = CertificateAuthority::Open(folder.paths());
    REQUIRE(authority.ok());
    REQUIRE(authority->issued().size() == 2);
    CHECK(authority->issued()[0].serial == serial);
    CHECK(authority->issued()[0].common_name() == "alice");
    CHECK(authority->issued()[0].end == now + absl::Hours(100));
    REQUIRE(authority->Revoke({serial, "AB12"}, now).ok());
    REQUIRE(authority->WriteRevocations(now, now + absl::Hours(10)).ok());
    REQUIRE(authority->WriteRevocations(now, now + absl::Hours(10)).ok());
  }
  const auto authority = CertificateAuthority::Open(folder.paths());
  REQUIRE(authority.ok());
  REQUIRE(authority->issued().size() == 3);
  CHECK(authority->issued()[0].revoked == now);
  CHECK_FALSE(authority->issued()[1].is_revoked());
  CHECK(authority->issued()[2].is_revoked());
  CHECK(util::ReadFile(folder.paths().revocation_number).value() == "03\n");
  const auto lists = ParseRevocations(ReadPem(folder.paths().revocations));
  REQUIRE(lists.ok());
  CHECK(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(lists->front().get())) == 2);
}

TEST_CASE("one works with it at a time, and nobody waits for ever") {
  const Folder folder;
  REQUIRE(
      CertificateAuthority::Create(folder.paths(), Plan(CertificateUse::kAuthority, "A CA", absl::Now()), false).ok());
  {
    const auto held = CertificateAuthority::Open(folder.paths());
    REQUIRE(held.ok());
    CHECK(absl::IsUnavailable(CertificateAuthority::Open(folder.paths()).status()));
  }
  CHECK(CertificateAuthority::Open(folder.paths()).ok());
}

TEST_CASE("what is not an authority's is refused by name") {
  const Folder folder;
  const absl::Time now = absl::Now();
  CHECK_THAT(std::string(CertificateAuthority::Open(folder.paths()).status().message()), Contains("etc/pki/CA"));
  REQUIRE(CertificateAuthority::Create(folder.paths(), Plan(CertificateUse::kAuthority, "A CA", now), false).ok());
  REQUIRE(util::ReplaceFile(folder.paths().index, "V\tx\n", 0600).ok());
  CHECK_THAT(std::string(CertificateAuthority::Open(folder.paths()).status().message()),
             Contains("index.txt: line 1: "));
  REQUIRE(std::filesystem::remove(folder.paths().key));
  CHECK_THAT(std::string(CertificateAuthority::Open(folder.paths()).status().message()), Contains("cakey.pem"));
  const util::UniqueKey key = *GenerateKey();
  const auto leaf = IssueCertificate(Plan(CertificateUse::kClient, "a", now), key.get(), nullptr, key.get());
  REQUIRE(WriteKeyFile(folder.paths().key, *KeyPem(key.get())).ok());
  REQUIRE(WriteCertificateFile(folder.paths().certificate, *CertificatePem(leaf->get())).ok());
  CHECK_THAT(std::string(CertificateAuthority::Open(folder.paths()).status().message()), Contains("is no authority's"));
}

TEST_CASE("the list is that of openssl ca, and a bad line is told by number") {
  const std::string text =
      "V\t271125215800Z\t\t0A1B\tunknown\t/O=Example/CN=alice\n"
      "R\t20501125215800Z\t261125215800Z,keyCompromise\tFF\tunknown\t/CN=b/ob\n"
      "E\t991125215800Z\t\t01\tunknown\t/C=DE\n";
  const auto parsed = ParseIndex(text);
  REQUIRE(parsed.ok());
  REQUIRE(parsed->size() == 3);
  CHECK(parsed->at(0).common_name() == "alice");
  CHECK(parsed->at(1).common_name() == "b/ob");
  CHECK(parsed->at(1).is_revoked());
  CHECK(parsed->at(1).end == absl::FromCivil(absl::CivilSecond(2050, 11, 25, 21, 58), absl::UTCTimeZone()));
  CHECK(parsed->at(2).end == absl::FromCivil(absl::CivilSecond(1999, 11, 25, 21, 58), absl::UTCTimeZone()));
  CHECK(parsed->at(2).common_name() == "");
  CHECK(ParseIndex(FormatIndex(*parsed))->at(1).end == parsed->at(1).end);
  for (const std::string bad : {"V", "X\t271125215800Z\t\t0A\tunknown\t/CN=a", "V\t27Z\t\t0A\tunknown\t/CN=a",
                                "V\t271125215800Z\t\t0a\tunknown\t/CN=a", "V\t271125215800Z\t\t\tunknown\t/CN=a",
                                "R\t271125215800Z\t\t0A\tunknown\t/CN=a"}) {
    CHECK_THAT(std::string(ParseIndex("\n" + bad).status().message()), Catch::StartsWith("line 2: "));
  }
}

}  // namespace
}  // namespace reeve::auth
