#include "daemon/services/dispatcher.h"

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve::services {

absl::Status ParseRequest(const Call& call, RequestBytes* bytes, google::protobuf::Message* request) {
  if (request->ParseFromZeroCopyStream(bytes)) return call.Inspect(*request);
  return Error(v1::REASON_REQUEST_MALFORMED, absl::StrCat("the request is not a ", request->GetTypeName()),
               {{"type", request->GetTypeName()}});
}

Dispatcher::Dispatcher(const connections::Table* table, Limits limits, AuditLog* audit)
    : table_(table),
      limits_(limits),
      audit_(audit),
      calls_per_client_(limits.calls_per_client),
      streams_per_client_(limits.streams_per_client),
      bytes_per_client_(limits.bytes_per_client) {}

void Dispatcher::Add(Method method, const google::protobuf::Descriptor* request,
                     const google::protobuf::Descriptor* response) {
  const absl::Status status = methods_.Add(std::move(method), request, response);
  if (status.ok()) return;
  util::LogError(status.message());
  registration_.Update(status);
}

Dispatcher::Admission::~Admission() {
  if (facts_ == nullptr) return;
  GivePlace();
  facts_->connection()->bytes_in_flight.fetch_sub(bytes_, std::memory_order_relaxed);
}

void Dispatcher::Admission::GivePlace() const {
  if (!has_place_.exchange(false)) return;
  connections::Connection& connection = *facts_->connection();
  if (!method().unary) connection.streams.fetch_sub(1, std::memory_order_relaxed);
  connection.calls_in_flight.fetch_sub(1, std::memory_order_relaxed);
}

absl::Status Dispatcher::Admission::TakeBytes(uint64_t bytes) const {
  AddBytes(bytes);
  const uint64_t limit = dispatcher_->bytes_per_client_.load(std::memory_order_relaxed);
  const uint64_t all = facts_->connection()->bytes_in_flight.load(std::memory_order_relaxed);
  // What others took meanwhile counts, too: two that come at the same time cannot pass the limit together.
  if (all <= limit || all <= bytes_.load(std::memory_order_relaxed)) return absl::OkStatus();
  GiveBytes(bytes);
  return Error(
      v1::REASON_TOO_MANY_BYTES,
      absl::StrCat("this client has ", all, " bytes in flight, of requests and of answers that it has not taken; ",
                   limit, " are allowed"),
      {{"limit", absl::StrCat(limit)}});
}

void Dispatcher::Admission::AddBytes(uint64_t bytes) const {
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  facts_->connection()->bytes_in_flight.fetch_add(bytes, std::memory_order_relaxed);
}

void Dispatcher::Admission::GiveBytes(uint64_t bytes) const {
  facts_->connection()->bytes_in_flight.fetch_sub(bytes, std::memory_order_relaxed);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
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
  const std::shared_ptr<const auth::Authority> authority = connection->proved.Get();
  const auto facts = std::make_shared<const CallFacts>(
      connection, method, std::make_shared<const auth::Access>(authority, method->permission), audit_);
  absl::Status allowed;
  if (authority == nullptr || (!method->before_proof && !authority->identity().proved())) {
    allowed = Error(v1::REASON_AUTHENTICATION_REQUIRED, "the caller must prove who he is before anything else",
                    {{"method", method->path}});
  } else {
    allowed = auth::CheckMethod(*authority, connection->read_only, method->permission, method->access, method->scope);
  }
  if (!allowed.ok()) {
    facts->Record(allowed);
    return allowed;
  }
  // Counted before it is compared, so that calls that come at the same time cannot pass the limit together.
  const uint32_t before = connection->calls_in_flight.fetch_add(1, std::memory_order_relaxed);
  const uint32_t streams_before = method->unary ? 0 : connection->streams.fetch_add(1, std::memory_order_relaxed);
  Admission admission(facts, this);
  const uint32_t limit = calls_per_client_.load(std::memory_order_relaxed);
  if (before >= limit) {
    return Error(v1::REASON_TOO_MANY_CALLS,
                 absl::StrCat("this client has ", before, " calls in flight, which is the limit"),
                 {{"limit", absl::StrCat(limit)}});
  }
  const uint32_t stream_limit = streams_per_client_.load(std::memory_order_relaxed);
  if (!method->unary && streams_before >= stream_limit) {
    return Error(v1::REASON_TOO_MANY_STREAMS,
                 absl::StrCat("this client has ", streams_before, " streams open, which is the limit"),
                 {{"limit", absl::StrCat(stream_limit)}});
  }
  if (draining()) return Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending");
  return admission;
}

}  // namespace reeve::services
