#include "cli/context.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/ask.h"
#include "cli/json.h"
#include "cli/text.h"
#include "client/uri.h"
#include "proto/status.h"

namespace reeve::cli {
absl::StatusOr<const client::ClientConfig*> Context::Config() {
  if (!config_) {
    auto config = client::ClientConfig::Read(client::ClientConfigPaths(
        std::getenv("REEVE_CLIENT_CONFIG"), std::getenv("XDG_CONFIG_HOME"), std::getenv("HOME")));
    if (!config.ok()) return config.status();
    config_ = *std::move(config);
  }
  return &*config_;
}

absl::StatusOr<std::string> Context::Resolve(const std::string& uri) {
  // A configuration that cannot be read shall not be in the way of one who says where to go.
  if (absl::StrContains(uri, "://")) return uri;
  auto config = Config();
  if (!config.ok()) return config.status();
  return (*config)->Resolve(uri);
}

absl::StatusOr<std::string> Context::Uri() {
  const char* environment = std::getenv("REEVE_DEFAULT_URI");
  const bool given = !options_.uri.empty() || (environment != nullptr && *environment != '\0');
  if (given) return Resolve(client::DefaultUri(options_.uri, environment, ""));
  auto config = Config();
  if (!config.ok()) return config.status();
  return client::DefaultUri("", nullptr, (*config)->default_uri());
}

absl::StatusOr<client::Connection*> Context::Connect() {
  connect_failed_ = false;
  if (connection_ != nullptr) return connection_.get();
  connect_failed_ = true;
  const auto text = Uri();
  if (!text.ok()) return text.status();
  auto uri = client::ParseUri(*text);
  if (!uri.ok()) return uri.status();
  auto connection = client::Connection::Open(
      *uri, {.read_only = options_.read_only,
             .interrupt_fd = interrupt_ == nullptr ? -1 : interrupt_->fd(),
             .credentials = [this](const client::CredentialRequest& request) { return AskCredential(request); }});
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  WarnOfInsecure(*uri);
  connect_failed_ = false;
  return connection_.get();
}

void Context::WarnOfInsecure(const client::Uri& uri) {
  if (!uri.IsSet("no_verify") || options_.quiet) return;
  output_->PrintNote(
      uri.transport == client::Transport::kTls
          ? "warning: no_verify: the certificate of the daemon is not looked at, anybody may be in its place"
          : "warning: no_verify: a host key that is not known is taken as it comes");
}

absl::StatusOr<std::string> Context::AskCredential(const client::CredentialRequest& request) {
  const bool user = request.kind == client::CredentialRequest::Kind::kUser;
  const std::string prompt =
      user ? absl::StrCat("User name for ", Escape(request.host), ": ")
           : absl::StrCat("Password of ", Escape(request.user), " for ", Escape(request.host), ": ");
  absl::StatusOr<std::string> answer = AskOnTerminal(prompt, !user, interrupt_ == nullptr ? -1 : interrupt_->fd());
  if (absl::IsUnavailable(answer.status())) {
    return absl::UnauthenticatedError(
        absl::StrCat("the daemon wants a ", user ? "user name" : "password", ", and ", answer.status().message()));
  }
  return answer;
}

absl::Status Context::SetUri(const std::string& uri, bool read_only) {
  const auto resolved = Resolve(uri);
  if (!resolved.ok()) return resolved.status();
  auto parsed = client::ParseUri(*resolved);
  if (!parsed.ok()) return parsed.status();
  connection_.reset();
  options_.uri = uri;
  options_.read_only = read_only;
  return absl::OkStatus();
}

int Context::Fail(absl::string_view what, const absl::Status& cause) {
  if (output_->broken()) return kExitFailed;  // nobody listens
  if (json()) {
    output_->PrintRaw(ErrorToJson(cause));
  } else {
    if (!connect_failed_ && !what.empty()) output_->PrintError(what);
    output_->PrintError(cause.message());
    // The message has the first fault of a document; whoever mends it wants them all.
    for (const auto& [field, description] : FieldViolationsOf(cause)) {
      const std::string fault = absl::StrCat(field, ": ", description);
      if (!absl::StrContains(cause.message(), fault)) output_->PrintError(fault);
    }
  }
  if (cause.code() == absl::StatusCode::kCancelled && Interrupted()) return kExitInterrupted;
  return connect_failed_ || client::IsConnectionLost(cause) ? kExitCannotConnect : kExitFailed;
}

int Context::Done(absl::string_view message) {
  if (!options_.quiet && !json()) output_->Print(absl::StrCat(Escape(message), "\n\n"));
  return kExitOk;
}

int Context::PrintJson(const google::protobuf::Message& message) {
  output_->Print(ToJson(message));
  return kExitOk;
}

}  // namespace reeve::cli
