#include "daemon/migration/remote_destination.h"

#include <poll.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/uri.h"
#include "proto/migration_methods.h"
#include "util/exists.h"

namespace reeve::migration {
namespace {

constexpr size_t kMostQueued = 4 << 20;
constexpr int kStepMilliseconds = 50;
// Between two looks at what the transport has not taken: its descriptor tells of nothing but the end.
constexpr absl::Duration kSendStep = absl::Milliseconds(1);
constexpr absl::Duration kSettleTime = absl::Seconds(20);

using RemoteStream = client::Stream<v1::MigrationMessage, v1::MigrationAnswer>;

class RemoteLink final : public Link {
 public:
  explicit RemoteLink(std::unique_ptr<RemoteStream> stream) : stream_(std::move(stream)) {}

  absl::Status Send(const v1::MigrationMessage& message, const std::function<bool()>& cancelled) override {
    while (!closed_) {
      if (absl::Status status = stream_->status(); !status.ok()) return status;
      if (stream_->queued_bytes() < kMostQueued) {
        stream_->Write(message);
        return absl::OkStatus();
      }
      if (cancelled && cancelled()) break;
      absl::SleepFor(kSendStep);
    }
    return absl::CancelledError("the connection was given up");
  }

  absl::StatusOr<v1::MigrationAnswer> Receive(const std::function<bool()>& cancelled) override {
    while (!closed_) {
      v1::MigrationAnswer answer;
      switch (stream_->Take(&answer)) {
        case client::Taken::kMessage:
          return answer;
        case client::Taken::kEnded:
          if (absl::Status status = stream_->status(); !status.ok()) return status;
          return absl::UnavailableError("the destination has ended the stream");
        case client::Taken::kNothing:
          break;
      }
      if (cancelled && cancelled()) break;
      pollfd ready{stream_->ready_fd(), POLLIN, 0};
      (void)poll(&ready, 1, kStepMilliseconds);
    }
    return absl::CancelledError("the connection was given up");
  }

  void Close() override { closed_ = true; }

 private:
  const std::unique_ptr<RemoteStream> stream_;
  std::atomic<bool> closed_{false};
};

class RemoteDestination final : public Destination {
 public:
  RemoteDestination(client::Uri uri, std::string id, std::string secret)
      : uri_(std::move(uri)), id_(std::move(id)), secret_(std::move(secret)) {}

  absl::StatusOr<std::unique_ptr<Link>> Connect() override {
    auto connection = client::Connection::Open(uri_, {});
    if (!connection.ok()) return connection.status();
    auto stream = (*connection)->Start(methods::kReceiveDomain);
    if (!stream.ok()) return stream.status();
    return std::make_unique<RemoteLink>(*std::move(stream));
  }

  absl::StatusOr<v1::MigrationOutcome> Settle() override {
    auto connection = client::Connection::Open(uri_, {});
    if (!connection.ok()) return connection.status();
    v1::SettleMigrationRequest request;
    request.set_ticket_id(id_);
    request.set_ticket_secret(secret_);
    return (*connection)->Call(methods::kSettleMigration, std::move(request), kSettleTime);
  }

 private:
  const client::Uri uri_;
  const std::string id_;
  const std::string secret_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Destination>> OpenRemoteDestination(const std::string& pki_path, const std::string& uri,
                                                                   const std::string& ticket_id,
                                                                   const std::string& ticket_secret) {
  absl::StatusOr<client::Uri> parsed = client::ParseUri(uri);
  if (!parsed.ok()) return parsed.status();
  if (parsed->transport != client::Transport::kTls && parsed->transport != client::Transport::kUnix) {
    return absl::InvalidArgumentError("must be of transport tls or unix: the daemon connects by itself");
  }
  for (const char* name : {"pkipath", "no_verify", "no_sanity"}) {
    if (!parsed->Parameter(name).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("has the parameter ", name,
                                                     ", which is for the daemon's administrator to decide: it connects "
                                                     "with its own certificate and checks the other's"));
    }
  }
  if (parsed->transport == client::Transport::kTls) {
    // All of them: without a certificate of its own no daemon is let in.
    for (const char* name : {"/cacert.pem", "/clientcert.pem", "/clientkey.pem"}) {
      if (const std::string file = pki_path + name; !util::Exists(file)) {
        return absl::FailedPreconditionError(
            absl::StrCat("this daemon has no certificate to go to other daemons with: there is no ", file));
      }
    }
    parsed->parameters.emplace_back("pkipath", pki_path);
  }
  return std::make_unique<RemoteDestination>(*std::move(parsed), ticket_id, ticket_secret);
}

}  // namespace reeve::migration
