// A connection to one daemon.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/sasl_client.h"
#include "client/stream.h"
#include "client/uri.h"
#include "proto/methods.h"
#include "util/uuid.h"

namespace reeve::client {

// How to connect.
struct ConnectionOptions {
  // Use the read-only socket, and refuse here what changes something: a socket named in the URI may allow more.
  bool read_only = false;
  // While this descriptor is readable, calls are cancelled (CANCELLED "interrupted"). Not owned; -1: none.
  int interrupt_fd = -1;
  // Asked for what a daemon that wants SASL wants, after the URI and the user's auth.conf; null: nobody is.
  CredentialSource credentials;
};

// A connection to one daemon. If it breaks (the daemon restarted), the next call connects again, once, and repeats
// itself where that is harmless. It authenticates as soon as the daemon wants it (client/authenticate.h), also after
// connecting again. Thread-safe. Streams keep what they need: they may outlive it.
class Connection {
 public:
  // Connects. Errors say what to do: UNAVAILABLE when no daemon answers, PERMISSION_DENIED when the socket is not for
  // this user, UNIMPLEMENTED for a transport that is not built in.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Uri& uri, const ConnectionOptions& options);
  ~Connection();

  // Calls a method and waits for its answer, at most `timeout`. A request with a field request_id gets a fresh one
  // unless it has one. Errors are the daemon's, with reason and details.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(const UnaryMethod<Request, Response>& method, Request request,
                                absl::Duration timeout = absl::InfiniteDuration()) {
    constexpr bool kHasRequestId = requires {
      request.mutable_request_id();
    };
    if constexpr (kHasRequestId) {
      if (request.request_id().empty()) {
        auto id = util::NewUuid();
        if (!id.ok()) return id.status();
        request.set_request_id(*std::move(id));
      }
    }
    Response response;
    absl::Status status = CallMessage(method.path, kHasRequestId, request, &response, timeout);
    if (!status.ok()) return status;
    return response;
  }

  // Starts a stream of responses.
  template <typename Request, typename Response>
  absl::StatusOr<std::unique_ptr<Stream<Request, Response>>> Start(const ServerStreamMethod<Request, Response>& method,
                                                                   const Request& request) {
    auto raw = StartRaw(method.path);
    if (!raw.ok()) return raw.status();
    auto stream = std::make_unique<Stream<Request, Response>>(*std::move(raw));
    stream->Write(request);
    stream->WritesDone();
    return stream;
  }

  // Starts a stream both ways.
  template <typename Request, typename Response>
  absl::StatusOr<std::unique_ptr<Stream<Request, Response>>> Start(
      const BidirectionalMethod<Request, Response>& method) {
    auto raw = StartRaw(method.path);
    if (!raw.ok()) return raw.status();
    return std::make_unique<Stream<Request, Response>>(*std::move(raw));
  }

  // Connects anew, e.g. after a stream was lost. Errors as of Open; then the old connection stays.
  absl::Status Reconnect();

  const Uri& uri() const;
  bool read_only() const;
  // The resource name of the URI's hypervisor, "hypervisors/lxc".
  std::string Hypervisor() const;

 private:
  class State;
  explicit Connection(std::unique_ptr<State> state);

  absl::Status CallMessage(const char* path, bool repeatable, const google::protobuf::Message& request,
                           google::protobuf::Message* response, absl::Duration timeout);
  absl::StatusOr<std::unique_ptr<RawStream>> StartRaw(const char* path);

  const std::unique_ptr<State> state_;
};

// Whether an error says that the connection to the daemon broke, as against an answer of the daemon.
bool IsConnectionLost(const absl::Status& status);

}  // namespace reeve::client
