// What handlers see of a call and of a stream. Knows nothing of gRPC.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"
#include "daemon/connections/connection.h"

namespace reeve::services {

// What a handler may know of the call. Valid as long as the handler, its `done` or its stream are. Thread-safe.
class Call {
 public:
  virtual ~Call() = default;
  virtual const std::shared_ptr<connections::Connection>& shared_connection() const = 0;
  const connections::Connection& connection() const { return *shared_connection(); }
  virtual absl::string_view method() const = 0;  // "/package.Service/Method"
  virtual bool Cancelled() const = 0;
  // What the call may do with which objects: whoever looks up an object that the request names must ask it. Never null.
  virtual const auth::Access::Pointer& access() const = 0;
  // The wrapper's: looks at a request as soon as it is parsed, before its handler does.
  virtual absl::Status Inspect(const google::protobuf::Message& request) const = 0;
};
using CallPointer = std::shared_ptr<const Call>;

// The server's half of a stream. Thread-safe.
class ServerStream {
 public:
  virtual ~ServerStream() = default;
  // Sends one serialized message; it shares the bytes with other streams that send the same. `sent` is called when the
  // next may be written (false: the stream is dead), once, and never before Write has returned. One write at a time. On
  // a stream that has ended nothing happens, and `sent` is not called.
  virtual void Write(std::shared_ptr<const std::string> message, std::function<void(bool)> sent) = 0;
  // Ends the stream, behind a message that is being written. Later calls of Write and Finish do nothing.
  virtual void Finish(const absl::Status& status) = 0;
};

// What a stream's handler hears. Calls come one at a time; OnEnd is the last and always comes; then it is destroyed.
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
  uint32_t calls_per_client = 64;        // in flight, streams among them
  uint32_t max_request_bytes = 4 << 20;  // of one message
  uint32_t streams_per_client = 48;      // of the calls in flight: so that there is always room for others
  uint64_t bytes_per_client = 64 << 20;  // of requests being worked on, and of answers on their way
};

}  // namespace reeve::services
