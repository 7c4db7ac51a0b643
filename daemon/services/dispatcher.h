// The one way into the API. Every method of every service is served by this gRPC generic service: it finds the connection,
// reads the method's options from its descriptor and checks access, permission and limits before the request is even
// parsed. So no handler can forget a check, and a method without a handler or without options cannot be served.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/connections/connection.h"
#include "proto/methods.h"

namespace reeve::services {

// What a handler may know of the call. Valid as long as the handler, its `done` or its stream are. Thread-safe.
class Call {
 public:
  virtual ~Call() = default;
  virtual const connections::Connection& connection() const = 0;
  virtual absl::string_view method() const = 0;  // "/package.Service/Method"
  virtual bool Cancelled() const = 0;
};
using CallPointer = std::shared_ptr<const Call>;

// The server's half of a stream. Thread-safe.
class ServerStream {
 public:
  virtual ~ServerStream() = default;
  // Sends one serialized message; it shares the bytes with other streams that send the same. `sent` is called when the next
  // may be written (false: the stream is dead). One write at a time.
  virtual void Write(std::shared_ptr<const std::string> message, std::function<void(bool)> sent) = 0;
  // Ends the stream. Later calls of Write and Finish do nothing.
  virtual void Finish(const absl::Status& status) = 0;
};

// What a stream's handler hears. Calls come one at a time; OnEnd is the last and always comes.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // A message of the client, serialized (bidirectional streams only). The next comes after `next` is called.
  virtual void OnMessage(std::string /*message*/, std::function<void()> next) { next(); }
  // The client has closed its half (bidirectional streams only).
  virtual void OnClientDone() {}
  // The stream has ended, by Finish, by the client, or with its connection.
  virtual void OnEnd() = 0;
};

// How many, how large.
struct Limits {
  uint32_t calls_per_client = 64;           // in flight, streams among them
  uint32_t max_request_bytes = 4 << 20;     // of one message
};

// Handlers are registered before the server starts; then thread-safe.
class Dispatcher : public grpc::CallbackGenericService {
 public:
  template <typename Request>
  using StreamFactory = std::function<absl::StatusOr<std::unique_ptr<StreamHandler>>(
      CallPointer, const Request&, std::shared_ptr<ServerStream>)>;

  // A handler that answers at once, on the calling thread; it must not block.
  template <typename Request, typename Response>
  void Read(UnaryMethod<Request, Response> method,
            std::function<absl::Status(const Call&, const Request&, Response*)> handler);
  // The same, with the response serialized by the handler.
  template <typename Request, typename Response>
  void ReadSerialized(UnaryMethod<Request, Response> method,
                      std::function<absl::StatusOr<std::string>(const Call&, const Request&)> handler);
  // A handler that answers later, from any thread, once.
  template <typename Request, typename Response>
  void Later(UnaryMethod<Request, Response> method,
             std::function<void(CallPointer, Request, std::function<void(absl::StatusOr<Response>)>)> handler);
  // A stream of responses.
  template <typename Request, typename Response>
  void Stream(ServerStreamMethod<Request, Response> method, StreamFactory<Request> factory);
  // Streams both ways; the factory is called before the first message.
  template <typename Request, typename Response>
  void Bidirectional(
      BidirectionalMethod<Request, Response> method,
      std::function<std::unique_ptr<StreamHandler>(CallPointer, std::shared_ptr<ServerStream>)> factory);
};

}  // namespace reeve::services
