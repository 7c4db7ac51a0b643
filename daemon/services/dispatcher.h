// The one way into the API. Every method of every service is served through here: it finds the connection, reads the
// method's options from its descriptor and checks who is there, access, permission and limits before the request is
// even parsed, the objects that it names as soon as it is, and, before the answer goes out, that those which only the
// handler can look up were asked for. So no handler can forget a check, and a method without a handler or without
// options cannot be served.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/connections/connection.h"
#include "daemon/connections/table.h"
#include "daemon/services/call.h"
#include "daemon/services/call_facts.h"
#include "daemon/services/method_table.h"
#include "proto/methods.h"
#include "proto/status.h"

namespace reeve::services {

// Parses a request and authorises what it names; REQUEST_MALFORMED, NOT_FOUND, PERMISSION_DENIED. Fields that are not
// known are let through, as protobuf does.
absl::Status ParseRequest(const Call& call, RequestBytes* bytes, google::protobuf::Message* request);

// Handlers are registered before the server starts; then thread-safe. Knows nothing of gRPC: GenericService joins the
// two.
class Dispatcher {
 public:
  template <typename Request>
  using StreamFactory = std::function<absl::StatusOr<std::unique_ptr<StreamHandler>>(CallPointer, const Request&,
                                                                                     std::shared_ptr<ServerStream>)>;

  // The table and the audit log outlive the dispatcher; `audit` null: nothing is recorded.
  Dispatcher(const connections::Table* table, Limits limits, AuditLog* audit = nullptr);

  // A handler that answers at once, on the calling thread; it must not block.
  template <typename Request, typename Response>
  void Read(UnaryMethod<Request, Response> method,
            std::type_identity_t<std::function<absl::Status(const Call&, const Request&, Response*)>> handler) {
    ReadSerialized(
        method,
        [handler = std::move(handler)](const Call& call, const Request& request) -> absl::StatusOr<std::string> {
          Response response;
          if (absl::Status status = handler(call, request, &response); !status.ok()) return status;
          return response.SerializeAsString();
        });
  }

  // The same, with the response serialized by the handler.
  template <typename Request, typename Response>
  void ReadSerialized(
      UnaryMethod<Request, Response> method,
      std::type_identity_t<std::function<absl::StatusOr<std::string>(const Call&, const Request&)>> handler) {
    AddUnary(method, [handler = std::move(handler)](CallPointer call, RequestBytes* bytes, UnaryDone done) {
      Request request;
      if (absl::Status status = ParseRequest(*call, bytes, &request); !status.ok()) return done(std::move(status));
      done(handler(*call, request));
    });
  }

  // A handler that answers later, from any thread, once.
  template <typename Request, typename Response>
  void Later(
      UnaryMethod<Request, Response> method,
      std::type_identity_t<std::function<void(CallPointer, Request, std::function<void(absl::StatusOr<Response>)>)>>
          handler) {
    AddUnary(method, [handler = std::move(handler)](CallPointer call, RequestBytes* bytes, UnaryDone done) {
      Request request;
      if (absl::Status status = ParseRequest(*call, bytes, &request); !status.ok()) return done(std::move(status));
      handler(std::move(call), std::move(request), [done = std::move(done)](absl::StatusOr<Response> response) {
        if (!response.ok()) return done(response.status());
        done(response->SerializeAsString());
      });
    });
  }

  // A stream of responses.
  template <typename Request, typename Response>
  void Stream(ServerStreamMethod<Request, Response> method, std::type_identity_t<StreamFactory<Request>> factory) {
    Add({.path = method.path,
         .server_stream = [factory = std::move(factory)](
                              CallPointer call, RequestBytes* bytes,
                              std::shared_ptr<ServerStream> stream) -> absl::StatusOr<std::unique_ptr<StreamHandler>> {
           Request request;
           if (absl::Status status = ParseRequest(*call, bytes, &request); !status.ok()) return status;
           return factory(std::move(call), request, std::move(stream));
         }},
        Request::descriptor(), Response::descriptor());
  }

  // Streams both ways; the factory is called before the first message.
  template <typename Request, typename Response>
  void Bidirectional(
      BidirectionalMethod<Request, Response> method,
      std::function<std::unique_ptr<StreamHandler>(CallPointer, std::shared_ptr<ServerStream>)> factory) {
    Add({.path = method.path, .bidirectional = std::move(factory)}, Request::descriptor(), Response::descriptor());
  }

  // Whether all registrations were sound; the server does not start otherwise.
  const absl::Status& registration() const { return registration_; }
  const MethodTable& methods() const { return methods_; }
  // Those that it was made with.
  const Limits& limits() const { return limits_; }

  // A call that has passed the checks: it counts as in flight until its place is given back, or it is destroyed.
  class Admission {
   public:
    Admission(std::shared_ptr<const CallFacts> facts, const Dispatcher* dispatcher)
        : facts_(std::move(facts)), dispatcher_(dispatcher) {}
    Admission(Admission&& other) noexcept
        : facts_(std::move(other.facts_)),
          dispatcher_(other.dispatcher_),
          bytes_(other.bytes_.load()),
          has_place_(other.has_place_.load()) {}
    Admission& operator=(Admission&&) = delete;
    ~Admission();
    const std::shared_ptr<const CallFacts>& facts() const { return facts_; }
    const Method& method() const { return facts_->method(); }

    // Counts bytes that the call holds in memory, until its end or until they are given back. TOO_MANY_BYTES when its
    // client has too many with them; a call whose client has no other may have as many as it needs. Thread-safe.
    absl::Status TakeBytes(uint64_t bytes) const;
    // The same for what can be refused no more.
    void AddBytes(uint64_t bytes) const;
    void GiveBytes(uint64_t bytes) const;
    // Before the call's end is sent: its client's next call may come before gRPC tells us of that end, and must not be
    // refused for it. Bytes stay counted. Thread-safe.
    void GivePlace() const;

   private:
    std::shared_ptr<const CallFacts> facts_;
    const Dispatcher* dispatcher_;
    mutable std::atomic<uint64_t> bytes_{0};
    mutable std::atomic<bool> has_place_{true};
  };
  // Checks everything that can be checked before the request is read, in this order: CONNECTION_UNKNOWN,
  // METHOD_UNKNOWN, AUTHENTICATION_REQUIRED, CONNECTION_READ_ONLY, PERMISSION_DENIED, TOO_MANY_CALLS, TOO_MANY_STREAMS,
  // DAEMON_DRAINING.
  absl::StatusOr<Admission> Admit(absl::string_view peer, absl::string_view path) const;

  // Other limits per client, for calls that come from now on; that of one message stays.
  void SetLimits(const Limits& limits) {
    calls_per_client_.store(limits.calls_per_client, std::memory_order_relaxed);
    streams_per_client_.store(limits.streams_per_client, std::memory_order_relaxed);
    bytes_per_client_.store(limits.bytes_per_client, std::memory_order_relaxed);
  }

  // From now on no call is admitted. Never ends.
  void StartDraining() { draining_.store(true); }
  bool draining() const { return draining_.load(); }

 private:
  template <typename Request, typename Response>
  void AddUnary(UnaryMethod<Request, Response> method, UnaryHandler handler) {
    Add({.path = method.path, .unary = std::move(handler)}, Request::descriptor(), Response::descriptor());
  }
  void Add(Method method, const google::protobuf::Descriptor* request, const google::protobuf::Descriptor* response);

  const connections::Table* const table_;
  const Limits limits_;
  AuditLog* const audit_;
  std::atomic<uint32_t> calls_per_client_;
  std::atomic<uint32_t> streams_per_client_;
  std::atomic<uint64_t> bytes_per_client_;
  MethodTable methods_;
  absl::Status registration_;
  std::atomic<bool> draining_{false};
};

}  // namespace reeve::services
