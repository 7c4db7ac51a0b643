#include "client/authenticate.h"

#include <catch2/catch.hpp>

#include "client/connection.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::client {
namespace {

// A daemon that wants something to be proved, and is told so by the first call.
struct Guarded {
  explicit Guarded(std::vector<std::string> offered) {
    daemon.On<v1::GetSessionRequest, v1::Session>(methods::kGetSession,
                                                  [this, offered](const v1::GetSessionRequest&, v1::Session* session) {
                                                    session->set_authenticated(proved);
                                                    for (const std::string& name : offered)
                                                      session->add_mechanisms(name);
                                                    return absl::OkStatus();
                                                  });
    daemon.On<v1::GetNodeRequest, v1::Node>(methods::kGetNode, [this](const v1::GetNodeRequest&, v1::Node* node) {
      ++calls;
      if (!proved) return Error(v1::REASON_AUTHENTICATION_REQUIRED, "who are you?");
      node->set_hostname("here");
      return absl::OkStatus();
    });
    daemon.On<v1::StartAuthenticationRequest, v1::AuthenticationStep>(
        methods::kStartAuthentication,
        [this](const v1::StartAuthenticationRequest& request, v1::AuthenticationStep* step) {
          mechanism = request.mechanism();
          first = request.initial_response();
          if (mechanism == "POLKIT") {
            proved = true;
            step->mutable_session()->set_authenticated(true);
          } else {
            const std::string nonce = first.substr(first.find(",r=") + 3);
            step->set_challenge("r=" + nonce + "server,s=QSXCR+Q6sek8bf92QSXCR+Q6sek8bf92QSXCR+Q6sek=,i=4096");
          }
          return absl::OkStatus();
        });
    daemon.On<v1::ContinueAuthenticationRequest, v1::AuthenticationStep>(
        methods::kContinueAuthentication,
        [this](const v1::ContinueAuthenticationRequest&, v1::AuthenticationStep* step) {
          proved = true;  // says it
          step->mutable_session()->set_authenticated(true);
          if (!last.empty()) step->set_challenge(last);
          return absl::OkStatus();
        });
    daemon.Start();
  }
  absl::Status Call(const std::string& parameters = "") {
    const auto uri = ParseUri(daemon.uri() + parameters);
    if (!uri.ok()) return uri.status();
    ConnectionOptions options;
    options.credentials = [this](const CredentialRequest& request) -> absl::StatusOr<std::string> {
      asked.push_back(request.kind == CredentialRequest::Kind::kUser ? "user" : "password of " + request.user);
      if (!answer) return absl::UnauthenticatedError("nobody is here");
      return request.kind == CredentialRequest::Kind::kUser ? "alice" : "secret";
    };
    auto connection = Connection::Open(*uri, options);
    if (!connection.ok()) return connection.status();
    return (*connection)->Call(methods::kGetNode, v1::GetNodeRequest()).status();
  }

  bool proved = false;
  bool answer = true;
  int calls = 0;
  std::string mechanism;
  std::string first;
  std::string last;
  std::vector<std::string> asked;
  FakeDaemon daemon;
};

}  // namespace

TEST_CASE("polkit is taken where it is offered, and the call is made again") {
  Guarded guarded({"POLKIT"});
  CHECK(guarded.Call().ok());
  CHECK(guarded.mechanism == "POLKIT");
  CHECK(guarded.calls == 2);
  CHECK(guarded.asked.empty());
}

TEST_CASE("where nothing is offered the error says what may be missing") {
  Guarded guarded({});
  const absl::Status status = guarded.Call();
  CHECK(absl::IsUnauthenticated(status));
  CHECK(std::string(status.message()).find("certificate may be missing") != std::string::npos);
}

TEST_CASE("a daemon that does not prove that it knows the password is not believed") {
  Guarded guarded({"SCRAM-SHA-256"});
  for (const char* last : {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "e=other-error", ""}) {
    guarded.proved = false;
    guarded.last = last;
    CHECK(absl::IsUnauthenticated(guarded.Call()));
  }
  CHECK(guarded.first.rfind("n,,n=alice,r=", 0) == 0);
  CHECK(guarded.asked[0] == "user");
  CHECK(guarded.asked[1] == "password of alice");
}

TEST_CASE("the URI says which mechanism, and nobody is asked in vain") {
  Guarded guarded({"SCRAM-SHA-256", "POLKIT"});
  CHECK(std::string(guarded.Call("&auth=sasl.GSSAPI").message()).find("does not offer GSSAPI") != std::string::npos);
  CHECK(guarded.asked.empty());
  guarded.answer = false;
  CHECK(guarded.Call("&auth=sasl").message() == "nobody is here");
  CHECK(guarded.asked.size() == 1);
  CHECK(guarded.Call("&auth=polkit").ok());
}

}  // namespace reeve::client
