#include "daemon/services/enrollment.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>

#include "absl/strings/match.h"
#include "auth/certificate_authority.h"
#include "auth/x509_files.h"
#include "auth/x509_names.h"
#include "daemon/services/testing/harness.h"
#include "proto/status.h"
#include "util/fake_clock.h"
#include "util/files.h"

namespace reeve::services {
namespace {

using Catch::Contains;
using testing::CallUnary;
using testing::Connect;

class Folder {
 public:
  Folder() {
    char path[] = "/tmp/reeve-enrollment-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST_CASE("a token is used once, outlives the daemon, and expires") {
  const Folder folder;
  util::FakeClock clock;
  const std::string file = folder.Path("tokens");
  EnrollmentTokens::Made made;
  {
    EnrollmentTokens tokens(file, &clock);
    made = *tokens.Add("alice", "unix:root(0)", absl::Hours(1), 2);
    CHECK(made.secret.size() == 32);
    CHECK(made.token.id().size() == 10);
    CHECK(tokens.next_end() == clock.Now() + absl::Hours(1));
  }
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 077) == 0);
  CHECK_FALSE(absl::StrContains(*util::ReadFile(file), made.secret));
  {
    EnrollmentTokens tokens(file, &clock);
    REQUIRE(tokens.List().size() == 1);
    CHECK(tokens.Check(made.token.id(), made.secret)->name() == "alice");
    CHECK(tokens.Take(made.token.id(), made.secret)->creator() == "unix:root(0)");
    CHECK(absl::IsPermissionDenied(tokens.Take(made.token.id(), made.secret).status()));
    made = *tokens.Add("bob", "", absl::Hours(1), 2);
  }
  EnrollmentTokens tokens(file, &clock);
  clock.Advance(absl::Hours(1) - absl::Seconds(1));
  CHECK(tokens.Check(made.token.id(), made.secret).ok());
  clock.Advance(absl::Seconds(1));
  CHECK(tokens.List().empty());
  CHECK(tokens.next_end() == absl::InfiniteFuture());
  CHECK_FALSE(tokens.Take(made.token.id(), made.secret).ok());
}

TEST_CASE("tokens are limited in number and in tries, also across a restart") {
  const Folder folder;
  util::FakeClock clock;
  const std::string file = folder.Path("tokens");
  auto tokens = std::make_unique<EnrollmentTokens>(file, &clock);
  const auto made = *tokens->Add("a", "", absl::Hours(1), 2);
  REQUIRE(tokens->Add("b", "", absl::Hours(1), 2).ok());
  CHECK(ReasonOf(tokens->Add("c", "", absl::Hours(1), 2).status()) == v1::REASON_TOO_MANY_TOKENS);
  for (uint32_t i = 1; i < EnrollmentTokens::kMaxFailures; ++i) {
    CHECK_FALSE(tokens->Check(made.token.id(), std::string(32, 'x')).ok());
    if (i == 2) tokens = std::make_unique<EnrollmentTokens>(file, &clock);
  }
  CHECK(tokens->List()[0].failures() == 4);
  CHECK_THAT(std::string(tokens->Check(made.token.id(), std::string(32, 'x')).status().message()),
             Contains("the token is deleted"));
  CHECK_FALSE(tokens->Check(made.token.id(), made.secret).ok());
  REQUIRE(tokens->List().size() == 1);
  CHECK(ReasonOf(tokens->Delete(made.token.id())) == v1::REASON_TOKEN_NOT_FOUND);
  CHECK(tokens->Delete(tokens->List()[0].id()).ok());
  CHECK(tokens->List().empty());
}

TEST_CASE("nothing is given out that could not be written, and what cannot be read is set aside") {
  const Folder folder;
  util::FakeClock clock;
  EnrollmentTokens nowhere(folder.Path("missing/tokens"), &clock);
  CHECK(ReasonOf(nowhere.Add("a", "", absl::Hours(1), 2).status()) == v1::REASON_STORE_FAILED);
  CHECK(nowhere.List().empty());
  REQUIRE(util::ReplaceFile(folder.Path("tokens"), "\xff\xff nonsense", 0600).ok());
  EnrollmentTokens tokens(folder.Path("tokens"), &clock);
  CHECK(tokens.List().empty());
  CHECK(std::filesystem::exists(folder.Path("tokens.bad")));
  CHECK(tokens.Add("a", "", absl::Hours(1), 2).ok());
}

// Enrollment with an authority, and a server that shows a certificate of it.
class Place {
 public:
  Place() {
    REQUIRE(auth::CertificateAuthority::Create(paths(),
                                               {.use = auth::CertificateUse::kAuthority,
                                                .common_name = "A CA",
                                                .begin = absl::Now() - absl::Hours(1),
                                                .end = absl::Now() + absl::Hours(1000)},
                                               false)
                .ok());
    server.names = {"DNS:node1.example.org", "DNS:*.example.net", "IP:2001:db8::1"};
    server.addresses = {"0.0.0.0:4711"};
    server.root_sha256 = auth::Fingerprint(auth::CertificateAuthority::Open(paths())->certificate());
    EnrollmentRules rules{.authority = paths().directory, .tokens = 3};
    rules.first_delay = absl::Milliseconds(1);
    harness.enrollment->SetRules(rules);
    harness.enrollment->Connect([this] { return server; }, [this](bool admit) { admitted = admit; });
  }
  ~Place() { harness.enrollment->Disconnect(); }
  auth::AuthorityPaths paths() const { return auth::AuthorityPaths(folder.Path("CA")); }
  absl::StatusOr<v1::CreateEnrollmentTokenResponse> Create(const std::string& name,
                                                           std::vector<std::string> addresses = {}) {
    v1::CreateEnrollmentTokenRequest request;
    request.set_name(name);
    for (std::string& address : addresses) request.add_addresses(std::move(address));
    return CallUnary(channel.get(), methods::kCreateEnrollmentToken, request);
  }
  absl::StatusOr<v1::RedeemEnrollmentTokenResponse> Redeem(const std::string& id, const std::string& secret,
                                                           const std::string& csr) {
    v1::RedeemEnrollmentTokenRequest request;
    request.set_id(id);
    request.set_secret(secret);
    request.set_certificate_request(csr);
    return CallUnary(channel.get(), methods::kRedeemEnrollmentToken, request);
  }

  Folder folder;
  EnrollmentServer server;
  std::atomic<bool> admitted{false};
  testing::Harness harness;
  std::shared_ptr<grpc::Channel> channel = Connect(harness.path());
  util::UniqueKey key = *auth::GenerateKey();
  std::string csr = *auth::MakeCertificateRequest(key.get());
};

TEST_CASE("no token is made for a certificate that would not be let in") {
  Place place;
  EnrollmentRules rules{.authority = place.paths().directory, .allowed_subjects = {"CN=ops-*", "CN=a\\,b"}};
  place.harness.enrollment->SetRules(rules);
  CHECK(place.Create("ops-1").ok());
  CHECK(place.Create("a,b").ok());  // as the certificate's subject is written
  const absl::Status refused = place.Create("alice").status();
  CHECK(ReasonOf(refused) == v1::REASON_REQUEST_INVALID);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("CN=alice is not in tls.allowed_subjects"));
  rules.allowed_names = {"DNS:*.example.org"};
  place.harness.enrollment->SetRules(rules);
  CHECK_THAT(std::string(place.Create("ops-1").status().message()), Catch::Contains("wants an alternative name"));
}

TEST_CASE("a token gives one certificate, with the name that its maker chose, and is gone") {
  Place place;
  CHECK_FALSE(place.admitted);
  const auto made = place.Create("alice");
  REQUIRE(made.ok());
  CHECK(place.admitted);
  const v1::EnrollmentTicket& ticket = made->ticket();
  REQUIRE(ticket.addresses_size() == 2);
  CHECK(ticket.addresses(0) == "node1.example.org:4711");
  CHECK(ticket.addresses(1) == "[2001:db8::1]:4711");
  CHECK(ticket.authority_sha256() == place.server.root_sha256);
  // What cannot be signed does not cost the token.
  CHECK(ReasonOf(place.Redeem(ticket.id(), ticket.secret(), "nonsense").status()) == v1::REASON_REQUEST_INVALID);
  const auto given = place.Redeem(ticket.id(), ticket.secret(), place.csr);
  INFO(given.status().message());
  REQUIRE(given.ok());
  CHECK_FALSE(place.admitted);
  const auto credentials = auth::ParseCredentials({.path = "c", .text = given->certificate()},
                                                  {.path = "k", .text = *auth::KeyPem(place.key.get())});
  REQUIRE(credentials.ok());
  const auto authorities = auth::ParseAuthorities({.path = "a", .text = given->authority()}, absl::Now());
  REQUIRE(authorities.ok());
  CHECK(auth::CheckCredentials(*credentials, auth::CertificateUse::kClient, *authorities, absl::Now(), "c").ok());
  CHECK(auth::SubjectText(credentials->chain[0].get()) == "CN=alice");
  CHECK(auth::CertificateAuthority::Open(place.paths())->issued().size() == 1);
  CHECK(ReasonOf(place.Redeem(ticket.id(), ticket.secret(), place.csr).status()) == v1::REASON_TOKEN_REFUSED);
}

TEST_CASE("of several who redeem a token at the same time one gets a certificate") {
  Place place;
  const auto made = place.Create("alice");
  REQUIRE(made.ok());
  std::vector<std::future<bool>> tries;
  for (int i = 0; i < 8; ++i) {
    tries.push_back(std::async(std::launch::async, [&] {
      v1::RedeemEnrollmentTokenRequest request;
      request.set_id(made->ticket().id());
      request.set_secret(made->ticket().secret());
      request.set_certificate_request(place.csr);
      return CallUnary(Connect(place.harness.path()).get(), methods::kRedeemEnrollmentToken, request).ok();
    }));
  }
  int won = 0;
  for (auto& one : tries) won += one.get();
  CHECK(won == 1);
  CHECK(auth::CertificateAuthority::Open(place.paths())->issued().size() == 1);
}

TEST_CASE("a wrong secret and a token that there is not look the same, and are not tried for ever") {
  Place place;
  const auto made = place.Create("alice");
  REQUIRE(made.ok());
  const absl::Status wrong = place.Redeem(made->ticket().id(), std::string(32, 'x'), place.csr).status();
  const absl::Status unknown = place.Redeem("aaaaaaaaaa", made->ticket().secret(), place.csr).status();
  CHECK(ReasonOf(wrong) == v1::REASON_TOKEN_REFUSED);
  CHECK(wrong == unknown);
  // The third failure is this connection's last.
  CHECK(place.Redeem("", "", "").status() == wrong);
  const auto gone = [&] {
    for (int i = 0; i < 500; ++i) {
      if (place.harness.table.size() == 0) return true;
      absl::SleepFor(absl::Milliseconds(10));  // it is closed half a second after the answer
    }
    return false;
  };
  CHECK(gone());
}

TEST_CASE("what a token needs is checked when it is made") {
  Place place;
  const auto refused = [&](const absl::Status& status, v1::Reason reason, const char* words) {
    CHECK(ReasonOf(status) == reason);
    CHECK_THAT(std::string(status.message()), Contains(words));
  };
  refused(place.Create("").status(), v1::REASON_REQUEST_INVALID, "1 to 64 characters");
  refused(place.Create("a\nb").status(), v1::REASON_REQUEST_INVALID, "control characters");
  refused(place.Create("a", {"elsewhere.example.org"}).status(), v1::REASON_REQUEST_INVALID,
          "is not in the server's certificate");
  refused(place.Create("a", {"node1.example.org:0"}).status(), v1::REASON_REQUEST_INVALID, "no port");
  CHECK(place.Create("a", {"x.example.net:1", "2001:DB8::1"})->ticket().addresses(0) == "x.example.net:1");
  v1::CreateEnrollmentTokenRequest request;
  request.set_name("a");
  request.mutable_lifetime()->set_seconds(59);
  refused(CallUnary(place.channel.get(), methods::kCreateEnrollmentToken, request).status(), v1::REASON_REQUEST_INVALID,
          "from 1 minute");
  place.server.root_sha256 = "another";
  refused(place.Create("a").status(), v1::REASON_ENROLLMENT_UNAVAILABLE, "is not the one that signed");
  std::filesystem::remove(place.paths().key);
  refused(place.Create("a").status(), v1::REASON_ENROLLMENT_UNAVAILABLE, "cakey.pem");
  place.harness.enrollment->Disconnect();
  refused(place.Create("a").status(), v1::REASON_ENROLLMENT_UNAVAILABLE, "does not serve TLS");
  v1::DeleteEnrollmentTokenRequest wrong;
  wrong.set_id("x");
  CHECK(ReasonOf(CallUnary(place.channel.get(), methods::kDeleteEnrollmentToken, wrong).status()) ==
        v1::REASON_TOKEN_NOT_FOUND);
  CHECK(CallUnary(place.channel.get(), methods::kListEnrollmentTokens, {})->tokens_size() == 1);
}

}  // namespace
}  // namespace reeve::services
