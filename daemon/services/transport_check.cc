#include "daemon/services/transport_check.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::services {
namespace {

// No such method: an answer of the daemon's own is all that is wanted.
constexpr char kMethod[] = "/reeve.SelfTest/WhoAmI";
constexpr std::chrono::seconds kTimeout(20);

grpc::Status CallOver(int client_end) {
  const std::shared_ptr<grpc::Channel> channel = grpc::CreateInsecureChannelFromFd("self-test", client_end);
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
  const grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(&context, kMethod, request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  (void)queue.Next(&tag, &ok);  // the call's end, at the deadline at the latest; the status says how
  queue.Shutdown();
  return status;
}

}  // namespace

absl::Status CheckTransportNames(connections::Table* table, const std::function<void(int descriptor)>& hand_over) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return util::ErrnoStatus("make a socketpair");
  }
  util::UniqueFd watch(ends[0]);
  util::UniqueFd client(ends[1]);
  // Another number than any that was used before, so that a name by another rule is not right by chance.
  util::UniqueFd descriptor(::fcntl(watch.get(), F_DUPFD_CLOEXEC, 300));
  if (!descriptor) return util::ErrnoStatus("number the self-test's connection");
  connections::Peer peer;
  peer.identity = "self-test";
  auto connection = table->Add(descriptor.get(), std::move(watch), std::move(peer), true);
  if (!connection.ok()) return connection.status();
  hand_over(descriptor.Release());
  const grpc::Status status = CallOver(client.Release());
  const uint64_t calls = (*connection)->calls.load();
  table->Remove((*connection)->number);
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED && calls == 1) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "this gRPC library does not name connections as the daemon's authentication needs it (self-test: code ",
      status.error_code(), ", ", status.error_message(), ")"));
}

}  // namespace reeve::services
