// The methods that are served, with their handlers in a form that knows no message types.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/services/call.h"
#include "reeve/v1/options.pb.h"

namespace reeve::services {

// A request as it came, parsed by the handler into its own type.
using RequestBytes = google::protobuf::io::ZeroCopyInputStream;
// A serialized response.
using UnaryDone = std::function<void(absl::StatusOr<std::string>)>;

// Answers one request, through `done`, once. REQUEST_MALFORMED when it does not parse.
using UnaryHandler = std::function<void(CallPointer, RequestBytes*, UnaryDone done)>;
// Begins a stream for one request.
using ServerStreamHandler = std::function<absl::StatusOr<std::unique_ptr<StreamHandler>>(
    CallPointer, RequestBytes*, std::shared_ptr<ServerStream>)>;
// Begins a stream both ways.
using BidirectionalHandler = std::function<std::unique_ptr<StreamHandler>(CallPointer, std::shared_ptr<ServerStream>)>;

// The way from a request to one of its fields: messages, and last the field itself.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// One method. Exactly one of the handlers is set.
struct Method {
  std::string path;  // "/package.Service/Method"
  std::string permission;
  v1::Access access = v1::ACCESS_UNSPECIFIED;
  v1::Scope scope = v1::SCOPE_UNSPECIFIED;
  bool before_proof = false;  // answers before the caller has proved who he is
  // Fields of the request: those that name objects exactly, and request_id (null: it has none).
  std::vector<FieldPath> exact_names;
  const google::protobuf::FieldDescriptor* request_id = nullptr;
  UnaryHandler unary;
  ServerStreamHandler server_stream;
  BidirectionalHandler bidirectional;
};

// Filled before the server starts, then only read: thread-safe from then on.
class MethodTable {
 public:
  // Enters a method, reading its options from its descriptor. It is refused (INTERNAL) when there is no such method,
  // when it lacks permission, access or scope, when its scope does not agree with the fields that name objects, when types or streaming differ from the descriptor, or when it is there
  // already.
  absl::Status Add(Method method, const google::protobuf::Descriptor* request,
                   const google::protobuf::Descriptor* response);

  // Null when there is none.
  const Method* Find(absl::string_view path) const;
  // Full names of the services that have methods here, in order.
  std::vector<std::string> Services() const;

 private:
  absl::flat_hash_map<std::string, std::unique_ptr<Method>> methods_;
};

}  // namespace reeve::services
