#include "client/authenticate.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/auth_file.h"
#include "proto/methods.h"
#include "proto/status.h"

namespace reeve::client {
namespace {

// Groups of auth.conf: ours, and those that are there for libvirt.
constexpr const char* kServices[] = {"reeve", "libvirt"};
constexpr char kPolkit[] = "POLKIT";
// No mechanism has more; a daemon that goes on for ever is not one of ours.
constexpr int kMostSteps = 20;

template <typename Request, typename Response>
absl::StatusOr<Response> CallMethod(const PlainCall& call, const UnaryMethod<Request, Response>& method,
                                    const Request& request) {
  Response response;
  if (absl::Status status = call(method.path, request, &response); !status.ok()) return status;
  return response;
}

// From the URI and the file first; the file is read when something is first needed.
class Credentials {
 public:
  Credentials(const Uri& uri, CredentialSource ask) : uri_(uri), ask_(std::move(ask)) {}

  absl::StatusOr<std::string> Get(const CredentialRequest& request) {
    const bool user = request.kind == CredentialRequest::Kind::kUser;
    if (user && !uri_.user.empty()) return uri_.user;
    for (const char* key :
         user ? std::vector<const char*>{"authname", "username"} : std::vector<const char*>{"password"}) {
      absl::StatusOr<std::optional<std::string>> found = FromFile(request.host, key);
      if (!found.ok()) return found.status();
      if (*found) return **std::move(found);
    }
    if (ask_) return ask_(request);
    return absl::UnauthenticatedError(absl::StrCat("the daemon wants a ", user ? "user name" : "password",
                                                   " and there is none: neither in an auth.conf nor by asking"));
  }

 private:
  absl::StatusOr<std::optional<std::string>> FromFile(const std::string& host, const char* key) {
    if (!looked_) {
      looked_ = true;
      const std::string path = FindAuthFile(std::getenv("REEVE_AUTH_FILE"), uri_.Parameter("authfile"),
                                            std::getenv("XDG_CONFIG_HOME"), std::getenv("HOME"));
      if (!path.empty()) {
        absl::StatusOr<AuthFile> file = AuthFile::Read(path);
        if (!file.ok()) return file.status();
        file_ = *std::move(file);
      }
    }
    if (!file_) return std::nullopt;
    for (const char* service : kServices) {
      auto found = file_->Find(service, host, key);
      if (!found.ok() || found->has_value()) return found;
    }
    return std::nullopt;
  }

  const Uri& uri_;
  const CredentialSource ask_;
  bool looked_ = false;
  std::optional<AuthFile> file_;
};

absl::Status AuthenticateByPolkit(const PlainCall& call) {
  v1::StartAuthenticationRequest request;
  request.set_mechanism(kPolkit);
  return CallMethod(call, methods::kStartAuthentication, request).status();
}

absl::Status AuthenticateBySasl(const PlainCall& call, const Uri& uri, const v1::Session& session,
                                const std::vector<std::string>& mechanisms, const CredentialSource& ask) {
  Credentials credentials(uri, ask);
  const std::string host = uri.host.empty() ? "localhost" : uri.host;
  absl::StatusOr<std::unique_ptr<SaslClient>> client = SaslClient::Make(
      host, session.encrypted(), [&](const CredentialRequest& request) { return credentials.Get(request); });
  if (!client.ok()) return client.status();
  absl::StatusOr<SaslClient::First> first = (*client)->Start(mechanisms);
  if (!first.ok()) return first.status();
  v1::StartAuthenticationRequest start;
  start.set_mechanism(first->mechanism);
  if (first->response) start.set_initial_response(*first->response);
  absl::StatusOr<v1::AuthenticationStep> step = CallMethod(call, methods::kStartAuthentication, start);
  for (int i = 0; step.ok() && !step->has_session(); ++i) {
    if (i == kMostSteps) return absl::UnauthenticatedError("SASL: the daemon does not come to an end");
    absl::StatusOr<std::string> response = (*client)->Step(step->challenge());
    if (!response.ok()) return response.status();
    v1::ContinueAuthenticationRequest next;
    next.set_response(*std::move(response));
    step = CallMethod(call, methods::kContinueAuthentication, next);
  }
  if (!step.ok()) return step.status();
  // The daemon's proof that it knows the secret, too: without it somebody may have taken its place.
  if (step->has_challenge() && !(*client)->done()) {
    if (absl::StatusOr<std::string> last = (*client)->Step(step->challenge()); !last.ok()) return last.status();
  }
  if (!(*client)->done()) return absl::UnauthenticatedError("SASL: the daemon has not proved who it is");
  return absl::OkStatus();
}

}  // namespace

absl::Status Authenticate(const PlainCall& call, const Uri& uri, const CredentialSource& ask) {
  absl::StatusOr<v1::Session> session = CallMethod(call, methods::kGetSession, v1::GetSessionRequest());
  if (!session.ok()) return session.status();
  if (session->authenticated()) return absl::OkStatus();
  std::vector<std::string> offered(session->mechanisms().begin(), session->mechanisms().end());
  if (offered.empty()) {
    return absl::UnauthenticatedError(
        "the daemon does not know who you are, and offers no way to tell: a client certificate may be missing");
  }
  const std::string wanted = uri.Parameter("auth");
  const auto polkit = std::find(offered.begin(), offered.end(), kPolkit);
  if (polkit != offered.end() && (wanted.empty() || wanted == "polkit")) return AuthenticateByPolkit(call);
  if (polkit != offered.end()) offered.erase(polkit);
  if (absl::string_view mechanism = wanted; absl::ConsumePrefix(&mechanism, "sasl.")) {
    if (std::find(offered.begin(), offered.end(), mechanism) == offered.end()) {
      return absl::UnauthenticatedError(absl::StrCat("the daemon does not offer ", mechanism));
    }
    offered = {std::string(mechanism)};
  } else if (wanted == "polkit") {
    return absl::UnauthenticatedError("the daemon does not offer polkit");
  }
  return AuthenticateBySasl(call, uri, *session, offered, ask);
}

}  // namespace reeve::client
