#include "client/fd_channel.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::client {
namespace {

constexpr int kMaxMessageBytes = 256 << 20;  // a page of 10000 domains with all their specifications
constexpr int kKeepaliveMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelFromFd(util::UniqueFd socket, const std::string& name) {
  if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) return util::ErrnoStatus("fcntl(F_SETFL)");
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  auto channel = grpc::CreateCustomInsecureChannelFromFd("reeve", socket.Release(), arguments);
  if (channel == nullptr) return absl::InternalError(absl::StrCat("gRPC refused the connection to ", name));
  return channel;
}

}  // namespace reeve::client
