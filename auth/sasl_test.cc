// Cyrus SASL both ways in one process: what the server makes of clients that are right and wrong.
#include <sasl/sasl.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "auth/sasl_database.h"
#include "auth/sasl_server.h"
#include "util/files.h"

namespace reeve::auth {
namespace {

// A directory of a test's own, with a database: Cyrus keeps one database a process, so all tests share it.
struct Place {
  Place() {
    char path[] = "/tmp/reeve-sasl-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    directory = path;
  }
  ~Place() { std::filesystem::remove_all(directory); }
  std::string database() const { return directory + "/users.db"; }
  std::string directory;
};

// Cyrus's client.
class Client {
 public:
  Client(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {
    static const int initialized = sasl_client_init(nullptr);
    REQUIRE(initialized == SASL_OK);
    secret_.resize(sizeof(sasl_secret_t) + password_.size() + 1);
    auto* secret = reinterpret_cast<sasl_secret_t*>(secret_.data());
    secret->len = password_.size();
    std::memcpy(secret->data, password_.c_str(), password_.size() + 1);
    const auto untyped = [](auto* function) { return reinterpret_cast<int (*)()>(reinterpret_cast<void*>(function)); };
    callbacks_[0] = {SASL_CB_USER, untyped(&Name), this};
    callbacks_[1] = {SASL_CB_AUTHNAME, untyped(&Name), this};
    callbacks_[2] = {SASL_CB_PASS, untyped(&Password), this};
    callbacks_[3] = {SASL_CB_LIST_END, nullptr, nullptr};
    REQUIRE(sasl_client_new("reeve", "localhost", nullptr, nullptr, callbacks_, 0, &connection_) == SASL_OK);
    sasl_ssf_t strength = 128;
    REQUIRE(sasl_setprop(connection_, SASL_SSF_EXTERNAL, &strength) == SASL_OK);
  }
  ~Client() { sasl_dispose(&connection_); }

  std::optional<std::string> Start(const char* mechanism) {
    const char* out = nullptr;
    unsigned length = 0;
    const char* chosen = nullptr;
    const int result = sasl_client_start(connection_, mechanism, nullptr, &out, &length, &chosen);
    REQUIRE((result == SASL_OK || result == SASL_CONTINUE));
    if (out == nullptr) return std::nullopt;
    return std::string(out, length);
  }
  std::optional<std::string> Step(const std::string& challenge) {
    const char* out = nullptr;
    unsigned length = 0;
    const int result = sasl_client_step(connection_, challenge.data(), challenge.size(), nullptr, &out, &length);
    if (result != SASL_OK && result != SASL_CONTINUE) return std::nullopt;
    return std::string(out == nullptr ? "" : out, length);
  }

 private:
  static int Name(void* context, int, const char** result, unsigned* length) {
    *result = static_cast<Client*>(context)->user_.c_str();
    if (length != nullptr) *length = static_cast<Client*>(context)->user_.size();
    return SASL_OK;
  }
  static int Password(sasl_conn_t*, void* context, int, sasl_secret_t** secret) {
    *secret = reinterpret_cast<sasl_secret_t*>(static_cast<Client*>(context)->secret_.data());
    return SASL_OK;
  }

  const std::string user_;
  const std::string password_;
  std::vector<char> secret_;
  sasl_callback_t callbacks_[4];
  sasl_conn_t* connection_ = nullptr;
};

// Who it is in the end.
absl::StatusOr<std::string> Run(Sasl* sasl, const char* mechanism, const std::string& user, const std::string& password,
                                Sasl::Channel channel = {}, int* steps = nullptr) {
  Client client(user, password);
  auto exchange = sasl->Begin(mechanism, channel);
  if (!exchange.ok()) return exchange.status();
  auto step = (*exchange)->Start(client.Start(mechanism));
  if (steps != nullptr) *steps = 1;
  while (step.ok() && !step->done) {
    const auto answer = client.Step(step->challenge.value_or(""));
    if (!answer) return absl::InternalError("the client gave up");
    step = (*exchange)->Continue(*answer);
    if (steps != nullptr) ++*steps;
  }
  if (!step.ok()) return step.status();
  return (*exchange)->user();
}

SaslOptions OptionsFor(const Place& place) {
  return {.mechanisms = {"SCRAM-SHA-256", "PLAIN", "EXTERNAL"}, .database = place.database()};
}

}  // namespace

TEST_CASE("users are kept as verifiers, and prove who they are by SCRAM") {
  const Place place;
  auto database = *SaslDatabase::Open(place.database());
  CHECK(database->List()->empty());
  REQUIRE(database->Put("alice", "secret 1", false).ok());
  REQUIRE(database->Put("bob", "secret 2", true).ok());
  CHECK(std::filesystem::status(place.database()).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const std::string bytes = *util::ReadFile(place.database());
  CHECK(bytes.find("secret 1") == std::string::npos);
  CHECK(bytes.find("secret 2") != std::string::npos);

  auto sasl = *MakeSasl(OptionsFor(place));
  CHECK(*Run(sasl.get(), "SCRAM-SHA-256", "alice", "secret 1") == "alice");
  CHECK(*Run(sasl.get(), "SCRAM-SHA-256", "bob", "secret 2") == "bob");
  CHECK_FALSE(Run(sasl.get(), "SCRAM-SHA-256", "alice", "secret 2").ok());
  CHECK_FALSE(Run(sasl.get(), "SCRAM-SHA-256", "carol", "secret 1").ok());

  SECTION("a user that there is not fails where a wrong password fails") {
    int wrong = 0;
    int unknown = 0;
    CHECK_FALSE(Run(sasl.get(), "SCRAM-SHA-256", "alice", "wrong", {}, &wrong).ok());
    CHECK_FALSE(Run(sasl.get(), "SCRAM-SHA-256", "carol", "wrong", {}, &unknown).ok());
    CHECK(wrong == unknown);
    const auto challenge = [&](const char* user) {
      Client client(user, "x");
      return (*(*sasl->Begin("SCRAM-SHA-256", {}))->Start(client.Start("SCRAM-SHA-256"))).challenge->size();
    };
    CHECK(challenge("carol") == challenge("alice"));
    CHECK(challenge("carol") == challenge("bobby"));
  }
  SECTION("PLAIN only when encrypted, and only for those whose password is there") {
    CHECK(sasl->Mechanisms({}) == std::vector<std::string>{"SCRAM-SHA-256"});
    CHECK(sasl->Mechanisms({.encrypted = true}) == std::vector<std::string>{"SCRAM-SHA-256", "PLAIN"});
    CHECK(*Run(sasl.get(), "PLAIN", "bob", "secret 2", {.encrypted = true}) == "bob");
    CHECK_FALSE(Run(sasl.get(), "PLAIN", "bob", "secret 1", {.encrypted = true}).ok());
    CHECK_FALSE(Run(sasl.get(), "PLAIN", "bob", "secret 2", {}).ok());
    CHECK_FALSE(Run(sasl.get(), "PLAIN", "alice", "secret 1", {.encrypted = true}).ok());
  }
  SECTION("EXTERNAL is the certificate's subject") {
    const Sasl::Channel channel{.encrypted = true, .certificate_subject = "CN=node1,O=Example"};
    CHECK(sasl->Mechanisms(channel).back() == "EXTERNAL");
    auto exchange = *sasl->Begin("EXTERNAL", channel);
    const auto step = exchange->Start("");
    REQUIRE(step.ok());
    CHECK(step->done);
    CHECK(exchange->user() == "CN=node1,O=Example");
    CHECK_FALSE((*sasl->Begin("EXTERNAL", channel))->Start("CN=other").ok());  // acting for another
  }
  SECTION("passwords change and users go") {
    REQUIRE(database->Put("bob", "secret 3", false).ok());
    CHECK(*Run(sasl.get(), "SCRAM-SHA-256", "bob", "secret 3") == "bob");
    CHECK(util::ReadFile(place.database())->find("secret 3") == std::string::npos);
    const auto users = *database->List();
    REQUIRE(users.size() == 2);
    CHECK(users[1].name == "bob");
    CHECK_FALSE(users[1].clear_text);
    REQUIRE(database->Remove("alice").ok());
    CHECK(database->List()->size() == 1);
    CHECK_FALSE(Run(sasl.get(), "SCRAM-SHA-256", "alice", "secret 1").ok());
  }
  SECTION("garbage is a failure, whatever its size") {
    for (const std::string& garbage :
         {std::string(), std::string("n,,"), std::string(60000, 'n'), std::string("\0\0", 2),
          std::string("n,,n=alice,r=\0x", 15), std::string("p=x,,n=a,r=b")}) {
      auto exchange = *sasl->Begin("SCRAM-SHA-256", {});
      // A mechanism may wait for more after an empty start; it must not go on from there.
      if (const auto started = exchange->Start(garbage); started.ok()) CHECK_FALSE(exchange->Continue(garbage).ok());
    }
    auto exchange = *sasl->Begin("SCRAM-SHA-256", {});
    Client client("alice", "secret 1");
    REQUIRE(exchange->Start(client.Start("SCRAM-SHA-256")).ok());
    CHECK_FALSE(exchange->Continue(std::string(65536, 'c')).ok());
  }
}

TEST_CASE("names and passwords that cannot be are refused") {
  const Place place;
  auto database = *SaslDatabase::Open(place.database());
  for (const char* name : {"", "a b", "a@b", "a,b", "a=b", "a\n", "\xc3\xa4"}) {
    CHECK(absl::IsInvalidArgument(database->Put(name, "x", false)));
  }
  CHECK(absl::IsInvalidArgument(database->Put("alice", "", false)));
  CHECK(absl::IsInvalidArgument(database->Put("alice", "a\nb", false)));
  CHECK_FALSE(std::filesystem::exists(place.database()));
  CHECK(database->Remove("nobody").ok());
}

TEST_CASE("mechanisms that may be configured") {
  for (const char* good : {"SCRAM-SHA-256", "GSSAPI", "PLAIN", "EXTERNAL"}) CHECK(CheckMechanism(good).empty());
  for (const char* weak : {"DIGEST-MD5", "CRAM-MD5", "NTLM", "SCRAM-SHA-1", "LOGIN", "ANONYMOUS"}) {
    CHECK(CheckMechanism(weak).find("too weak") != std::string::npos);
  }
  CHECK(CheckMechanism("scram-sha-256").find("must be") == 0);
}

}  // namespace reeve::auth
