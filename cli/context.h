// What a command works with: the connection, the settings, the output.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "client/client_config.h"
#include "client/connection.h"

namespace reeve::cli {

// One user's session, over one or many commands. It connects when the first command needs it, and stays connected. Not
// thread-safe; commands, output and interrupt must outlive it.
class Context {
 public:
  Context(GlobalOptions options, const std::vector<CommandGroup>* commands, Output* output, Interrupt* interrupt)
      : options_(std::move(options)), commands_(commands), output_(output), interrupt_(interrupt) {}

  GlobalOptions& options() { return options_; }
  const std::vector<CommandGroup>& commands() const { return *commands_; }
  Output& output() { return *output_; }
  bool json() const { return options_.output == "json"; }

  // The connection; its errors make Fail give kExitCannotConnect.
  absl::StatusOr<client::Connection*> Connect();
  // Drops the connection; the next Connect goes to `uri`, or the alias of one, read-only if wanted. INVALID_ARGUMENT.
  absl::Status SetUri(const std::string& uri, bool read_only);
  // The URI in use, after the rules of client::DefaultUri, with the aliases of the user's configuration resolved.
  // INVALID_ARGUMENT: of that configuration, which is looked at only where no whole URI is given.
  absl::StatusOr<std::string> Uri();
  // The user's and the host's client.toml, read when first needed. INVALID_ARGUMENT.
  absl::StatusOr<const client::ClientConfig*> Config();

  // Connects and calls, with the user's timeout.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(const UnaryMethod<Request, Response>& method, Request request) {
    auto connection = Connect();
    if (!connection.ok()) return connection.status();
    return (*connection)->Call(method, std::move(request), options_.timeout);
  }

  // Set by the command quit.
  bool quit_wanted() const { return quit_wanted_; }
  void Quit() { quit_wanted_ = true; }

  // Readable after Ctrl-C.
  int interrupt_fd() const { return interrupt_->fd(); }
  bool Interrupted() const { return interrupt_->IsSet(); }
  void ClearInterrupt() { interrupt_->Clear(); }

  // Prints "error: what" and "error: cause", or the cause alone where there is no connection, and gives the exit code.
  // With JSON output the error is a line of JSON.
  int Fail(absl::string_view what, const absl::Status& cause);
  int Fail(const absl::Status& cause) { return Fail("", cause); }
  // Prints a message of virsh's kind ("Domain 'web1' started") and gives kExitOk; not with --quiet.
  int Done(absl::string_view message);
  // Prints a message as JSON and gives kExitOk.
  int PrintJson(const google::protobuf::Message& message);

 private:
  absl::StatusOr<std::string> Resolve(const std::string& uri);
  void WarnOfInsecure(const client::Uri& uri);
  absl::StatusOr<std::string> AskCredential(const client::CredentialRequest& request);

  GlobalOptions options_;
  const std::vector<CommandGroup>* const commands_;
  Output* const output_;
  Interrupt* const interrupt_;
  std::optional<client::ClientConfig> config_;
  std::unique_ptr<client::Connection> connection_;
  bool connect_failed_ = false;
  bool quit_wanted_ = false;
};

}  // namespace reeve::cli
