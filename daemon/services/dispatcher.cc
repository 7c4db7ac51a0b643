#include "daemon/services/dispatcher.h"

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve::services {

absl::Status ParseRequest(RequestBytes* bytes, google::protobuf::MessageLite* request) {
  if (request->ParseFromZeroCopyStream(bytes)) return absl::OkStatus();
  return Error(v1::REASON_REQUEST_MALFORMED, absl::StrCat("the request is not a ", request->GetTypeName()),
               {{"type", request->GetTypeName()}});
}

Dispatcher::Dispatcher(const auth::Permissions* permissions, const connections::Table* table, Limits limits)
    : permissions_(permissions), table_(table), limits_(limits), calls_per_client_(limits.calls_per_client) {}

void Dispatcher::Add(Method method, const google::protobuf::Descriptor* request,
                     const google::protobuf::Descriptor* response) {
  const absl::Status status = methods_.Add(std::move(method), request, response);
  if (status.ok()) return;
  util::LogError(status.message());
  registration_.Update(status);
}

Dispatcher::Admission::Admission(std::shared_ptr<connections::Connection> connection, const Method* method)
    : connection_(std::move(connection)), method_(method) {}

Dispatcher::Admission::~Admission() {
  if (connection_ != nullptr) connection_->calls_in_flight.fetch_sub(1, std::memory_order_relaxed);
}

absl::StatusOr<Dispatcher::Admission> Dispatcher::Admit(absl::string_view peer, absl::string_view path) const {
  std::shared_ptr<connections::Connection> connection = table_->FindByPeer(peer);
  if (connection == nullptr) {
    return Error(v1::REASON_CONNECTION_UNKNOWN, "the connection is not known, or has been closed");
  }
  connection->calls.fetch_add(1, std::memory_order_relaxed);
  const Method* method = methods_.Find(path);
  if (method == nullptr) {
    const absl::string_view shown = path.substr(0, 256);
    return Error(v1::REASON_METHOD_UNKNOWN, absl::StrCat("there is no method ", shown), {{"method", shown}});
  }
  const auth::Subject subject{
      .identity = connection->peer.identity, .uid = connection->peer.uid, .read_only = connection->read_only};
  if (absl::Status status = permissions_->Check(subject, method->permission, method->access); !status.ok()) {
    return status;
  }
  // Counted before it is compared, so that calls that come at the same time cannot pass the limit together.
  const uint32_t before = connection->calls_in_flight.fetch_add(1, std::memory_order_relaxed);
  Admission admission(std::move(connection), method);
  const uint32_t limit = calls_per_client_.load(std::memory_order_relaxed);
  if (before >= limit) {
    return Error(v1::REASON_TOO_MANY_CALLS,
                 absl::StrCat("this client has ", before, " calls in flight, which is the limit"),
                 {{"limit", absl::StrCat(limit)}});
  }
  if (draining()) return Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending");
  return admission;
}

}  // namespace reeve::services
