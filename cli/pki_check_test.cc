#include "cli/pki_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "auth/x509_files.h"
#include "auth/x509_issue.h"

namespace reeve::cli {
namespace {

using auth::CertificateUse;
using Catch::Contains;

// A host with an authority, a server and a client, all sound.
class Host {
 public:
  Host() {
    char path[] = "/tmp/reeve-pki-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    root = path;
    REQUIRE(
        auth::CertificateAuthority::Create(places().authority, Plan(CertificateUse::kAuthority, "A CA"), false).ok());
    Issue(CertificateUse::kServer, {"DNS:node1.example.org", "IP:192.0.2.1"});
    Issue(CertificateUse::kClient, {});
  }
  ~Host() { std::filesystem::remove_all(root); }

  PkiPlaces places() const { return PlacesInUse(root); }
  auth::CertificatePlan Plan(CertificateUse use, const std::string& name) const {
    return {.use = use,
            .common_name = name,
            .begin = facts.now - absl::Hours(1),
            .end = facts.now + absl::Hours(24) * (use == CertificateUse::kAuthority ? 1000 : 100)};
  }
  void Issue(CertificateUse use, std::vector<std::string> names, const char* name = "node1") const {
    auto authority = auth::CertificateAuthority::Open(places().authority);
    REQUIRE(authority.ok());
    const util::UniqueKey key = *auth::GenerateKey();
    auth::CertificatePlan plan = Plan(use, name);
    plan.names = std::move(names);
    const auto made = authority->Issue(plan, key.get());
    const PairPlace place = use == CertificateUse::kServer ? places().server : places().client;
    REQUIRE(auth::WriteKeyFile(place.key, *auth::KeyPem(key.get())).ok());
    REQUIRE(auth::WriteCertificateFile(place.certificate, *auth::CertificatePem(made->get())).ok());
  }
  std::vector<PkiFinding> Check() const { return CheckPki(places(), {true, true, true}, facts); }
  // The only finding.
  PkiFinding One() const {
    const auto findings = Check();
    for (const auto& one : findings) UNSCOPED_INFO(one.file << ": " << one.what);
    REQUIRE(findings.size() == 1);
    return findings.front();
  }

  std::string root;
  HostFacts facts{.now = absl::Now(), .owner = ::geteuid(), .name = "node1", .addresses = {"127.0.0.1", "192.0.2.1"}};
};

TEST_CASE("what reeve pki makes is sound") {
  const Host host;
  CHECK(host.Check().empty());
}

TEST_CASE("files that are missing are named, with what makes them") {
  const Host host;
  std::filesystem::remove(host.places().server.key);
  CHECK_THAT(host.One().repair, Contains("reeve pki issue server node1 --force"));
  std::filesystem::remove(host.places().server.certificate);
  CHECK(host.One().file == host.root + "/etc/pki/libvirt/servercert.pem");
  CHECK_THAT(host.One().repair, Contains("reeve pki issue server node1"));
}

TEST_CASE("modes that let others in are errors, with the command that mends them") {
  const Host host;
  const auto mended = [&](const std::string& path, mode_t bad, const std::string& repair) {
    REQUIRE(::chmod(path.c_str(), bad) == 0);
    const PkiFinding finding = host.One();
    CHECK(finding.file == path);
    CHECK(finding.error);
    CHECK(finding.repair == repair);
    REQUIRE(std::system(finding.repair.c_str()) == 0);
    CHECK(host.Check().empty());
  };
  mended(host.places().server.key, 0640, "chmod 0600 " + host.places().server.key);
  mended(host.places().authority.key, 0604, "chmod 0600 " + host.places().authority.key);
  mended(host.places().client.certificate, 0666, "chmod 0644 " + host.places().client.certificate);
  mended(host.root + "/etc/pki/CA", 0777, "chmod 0755 " + host.root + "/etc/pki/CA");
  mended(host.root + "/etc/pki/CA/private", 0770, "chmod 0700 " + host.root + "/etc/pki/CA/private");
}

TEST_CASE("times: soon is a warning, the end is an error, and both are mended by renewing") {
  Host host;
  host.facts.now += absl::Hours(24 * 80);
  for (const auto& one : host.Check()) {
    CHECK_FALSE(one.error);
    CHECK_THAT(one.repair, Catch::StartsWith("reeve pki renew "));
  }
  host.facts.now += absl::Hours(24 * 30);
  const auto findings = host.Check();
  REQUIRE(findings.size() == 2);
  for (const auto& one : findings) {
    CHECK(one.error);
    CHECK_THAT(one.what, Contains("has expired on "));
    CHECK_THAT(one.repair, Catch::StartsWith("reeve pki renew "));
  }
}

TEST_CASE("a key of another certificate, another use, another authority") {
  const Host host;
  const PkiPlaces places = host.places();
  std::filesystem::copy_file(places.client.key, places.server.key, std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(host.One().what, Contains("does not belong to the certificate"));
  std::filesystem::copy_file(places.client.certificate, places.server.certificate,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(host.Check().front().what, Contains("lacks serverAuth"));
  host.Issue(CertificateUse::kServer, {"DNS:node1"});
  CHECK(host.Check().empty());
  REQUIRE(
      auth::CertificateAuthority::Create(places.authority, host.Plan(CertificateUse::kAuthority, "A CA"), true).ok());
  for (const auto& one : host.Check()) CHECK_THAT(one.what, Contains("not signed by an authority of ours"));
  CHECK(host.Check().size() == 2);
}

TEST_CASE("names are compared with this host's") {
  const Host host;
  host.Issue(CertificateUse::kServer, {"DNS:other.example.org"});
  CHECK_THAT(host.One().what, Contains("none of its names is this host's, node1: DNS:other.example.org"));
  CHECK_FALSE(host.One().error);
  host.Issue(CertificateUse::kServer, {"DNS:node1", "IP:198.51.100.1"});
  CHECK_THAT(host.One().what, Contains("no interface of this host has the address 198.51.100.1"));
  host.Issue(CertificateUse::kServer, {});
  CHECK_THAT(host.One().what, Contains("no alternative names"));
}

TEST_CASE("revocation: one's own certificate, and a list that keeps everybody out") {
  Host host;
  {
    auto authority = auth::CertificateAuthority::Open(host.places().authority);
    REQUIRE(authority->Revoke({authority->issued()[0].serial}, host.facts.now).ok());
    REQUIRE(authority->WriteRevocations(host.facts.now, host.facts.now + absl::Hours(24 * 50)).ok());
  }
  CHECK_THAT(host.One().what, Contains("it has been revoked"));
  host.Issue(CertificateUse::kServer, {"DNS:node1"});
  CHECK(host.Check().empty());
  host.facts.now += absl::Hours(24 * 51);
  CHECK_THAT(host.One().what, Contains("so that the daemon refuses every client"));
  CHECK(host.One().repair == "reeve pki crl");
  host.facts.now -= absl::Hours(24 * 51);
  REQUIRE(auth::WriteCertificateFile(host.places().authority.revocations, "nonsense").ok());
  CHECK_THAT(host.One().what, Contains("there is no revocation list"));
}

TEST_CASE("words for a shell") {
  CHECK(ShellWord("/etc/pki/CA") == "/etc/pki/CA");
  CHECK(ShellWord("a b") == "'a b'");
  CHECK(ShellWord("it's; rm *") == "'it'\\''s; rm *'");
  CHECK(ShellWord("") == "''");
}

}  // namespace
}  // namespace reeve::cli
