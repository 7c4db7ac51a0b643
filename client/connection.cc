#include "client/connection.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <poll.h>

#include <chrono>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/authenticate.h"
#include "client/grpc_status.h"
#include "client/grpc_stream.h"
#include "client/ssh_command.h"
#include "client/tls_channel.h"
#include "client/tunnel.h"
#include "client/unix_channel.h"
#include "client/wakeup.h"
#include "proto/descriptors.h"
#include "proto/status.h"
#include "reeve/v1/options.pb.h"

namespace reeve::client {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

// What the API says of a method. A method without a descriptor (health, reflection) only reads.
bool Writes(absl::string_view path) {
  NeedDescriptors();
  const std::string name = absl::StrReplaceAll(path.substr(1), {{"/", "."}});
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  return method != nullptr && method->options().GetExtension(v1::access) == v1::ACCESS_WRITE;
}

// Waits until the call is done. INTERRUPTED is told by false.
bool WaitUnlessInterrupted(int done_fd, int interrupt_fd) {
  pollfd polled[2] = {{done_fd, POLLIN, 0}, {interrupt_fd, POLLIN, 0}};
  while (true) {
    const int count = ::poll(polled, interrupt_fd < 0 ? 1 : 2, -1);
    if (count < 0) continue;  // EINTR; the handler made interrupt_fd readable if it wants the call to end
    if (polled[0].revents != 0) return true;
    if (interrupt_fd >= 0 && polled[1].revents != 0) return false;
  }
}

absl::Status CallOnce(const std::shared_ptr<grpc::Channel>& channel, const char* path, const Message& request,
                      Message* response, absl::Duration timeout, int interrupt_fd) {
  auto done = Wakeup::Create();
  if (!done.ok()) return done.status();
  grpc::ClientContext context;
  if (timeout < absl::InfiniteDuration()) {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  }
  grpc::Status result;
  grpc::TemplatedGenericStub<MessageLite, MessageLite> stub(channel);
  stub.UnaryCall(&context, path, {}, &request, response, [&result, &done](grpc::Status status) {
    result = std::move(status);
    done->Set();
  });
  if (!WaitUnlessInterrupted(done->fd(), interrupt_fd)) {
    context.TryCancel();
    WaitUnlessInterrupted(done->fd(), -1);
    if (!result.ok()) return absl::CancelledError("interrupted");
  }
  if (result.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && result.error_details().empty()) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(timeout), "; the daemon may still do what was asked"));
  }
  return FromGrpcStatus(result);
}

}  // namespace

class Connection::State {
 public:
  State(Uri uri, const ConnectionOptions& options, std::shared_ptr<grpc::Channel> channel)
      : uri(std::move(uri)), options(options), channel_(std::move(channel)) {}

  static absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const Uri& uri, const ConnectionOptions& options) {
    if (uri.transport == Transport::kUnix) return ConnectUnix(SocketPath(uri, options.read_only));
    if (uri.transport == Transport::kTls) return ConnectTls(uri, options.interrupt_fd);
    if (uri.transport == Transport::kSsh || uri.transport == Transport::kExt) {
      return ConnectTunnel(TunnelCommand(uri, options.read_only), options.interrupt_fd);
    }
    return absl::UnimplementedError(
        absl::StrCat("transport ", TransportName(uri.transport), " is not built in, use ssh"));
  }

  std::shared_ptr<grpc::Channel> channel() const {
    std::lock_guard lock(mutex_);
    return channel_;
  }

  // Replaces `broken`, unless another caller has done so already.
  absl::Status Replace(const std::shared_ptr<grpc::Channel>& broken) {
    std::lock_guard lock(mutex_);
    if (channel_ != broken) return absl::OkStatus();
    auto fresh = Connect(uri, options);
    if (!fresh.ok()) return fresh.status();
    channel_ = *std::move(fresh);
    return absl::OkStatus();
  }

  // A call that is done again when the daemon has first to know who calls: then it has not been done.
  absl::Status Call(const std::shared_ptr<grpc::Channel>& channel, const char* path, const Message& request,
                    Message* response, absl::Duration timeout) {
    absl::Status status = CallOnce(channel, path, request, response, timeout, options.interrupt_fd);
    if (ReasonOf(status) != v1::REASON_AUTHENTICATION_REQUIRED) return status;
    if (absl::Status proved = Prove(channel, /*known_to_be_wanted=*/true); !proved.ok()) return proved;
    return CallOnce(channel, path, request, response, timeout, options.interrupt_fd);
  }

  // Sees to it that the daemon knows who is on this channel; asks it, the first time.
  absl::Status Prove(const std::shared_ptr<grpc::Channel>& channel, bool known_to_be_wanted) {
    std::lock_guard lock(proving_);
    if (proved_.lock() == channel && !known_to_be_wanted) return absl::OkStatus();
    const PlainCall call = [&](const char* path, const Message& request, Message* response) {
      return CallOnce(channel, path, request, response, absl::InfiniteDuration(), options.interrupt_fd);
    };
    absl::Status status = Authenticate(call, uri, options.credentials);
    if (status.ok()) proved_ = channel;
    return status;
  }

  const Uri uri;
  const ConnectionOptions options;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
  std::mutex proving_;  // one at a time
  std::weak_ptr<grpc::Channel> proved_;
};

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Uri& uri, const ConnectionOptions& options) {
  auto channel = State::Connect(uri, options);
  if (!channel.ok()) return channel.status();
  return std::unique_ptr<Connection>(new Connection(std::make_unique<State>(uri, options, *std::move(channel))));
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

absl::Status Connection::CallMessage(const char* path, bool repeatable, const Message& request, Message* response,
                                     absl::Duration timeout) {
  if (state_->options.read_only && Writes(path)) {
    return Error(v1::REASON_CONNECTION_READ_ONLY, "the connection is read-only", {{"method", path}});
  }
  auto channel = state_->channel();
  absl::Status status = state_->Call(channel, path, request, response, timeout);
  if (!IsConnectionLost(status)) return status;
  // The daemon may have ended since the last call. What only reads, or is told apart by its request_id, may be sent
  // again.
  if (absl::Status connected = state_->Replace(channel); !connected.ok()) return connected;
  if (!repeatable && Writes(path)) return WithContext("the connection was lost during the call", status);
  return state_->Call(state_->channel(), path, request, response, timeout);
}

absl::StatusOr<std::unique_ptr<RawStream>> Connection::StartRaw(const char* path) {
  if (state_->options.read_only && Writes(path)) {
    return Error(v1::REASON_CONNECTION_READ_ONLY, "the connection is read-only", {{"method", path}});
  }
  // A stream is not started again: the daemon must know before who it is.
  const std::shared_ptr<grpc::Channel> channel = state_->channel();
  absl::Status status = state_->Prove(channel, /*known_to_be_wanted=*/false);
  // A daemon that is older, or gone: the stream will tell.
  if (!status.ok() && status.code() != absl::StatusCode::kUnimplemented && !IsConnectionLost(status)) return status;
  return StartGrpcStream(channel, path);
}

absl::Status Connection::Reconnect() {
  return state_->Replace(state_->channel());
}
const Uri& Connection::uri() const {
  return state_->uri;
}
bool Connection::read_only() const {
  return state_->options.read_only;
}
std::string Connection::Hypervisor() const {
  return absl::StrCat("hypervisors/", state_->uri.driver);
}

bool IsConnectionLost(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable && ReasonOf(status) == v1::REASON_UNSPECIFIED;
}

}  // namespace reeve::client
