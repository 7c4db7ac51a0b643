#include "daemon/services/server.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_posix.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "daemon/services/generic_service.h"
#include "daemon/services/transport_check.h"

namespace reeve::services {
namespace {

// gRPC refuses a message beyond the limit with an error of its own, which has no reason: it only guards memory, for
// what is much larger; the reactors say MESSAGE_TOO_LARGE.
constexpr int64_t kSlackBytes = 4 << 20;
// The same for calls: gRPC would let them wait, the dispatcher says TOO_MANY_CALLS.
constexpr int kSlackCalls = 1024;
// A client's pings, to find out whether the daemon is there, are welcome this often.
constexpr int kClientPingMilliseconds = 5000;

// The library stays initialized to the end of the process: its last shutdown would wait up to ten seconds for a thread
// that polls for a client which does not read.
void KeepLibrary() {
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  (void)kept;
}

// For a client to answer GOAWAY (RFC 9113, 6.8).
constexpr size_t kBufferedBytes = size_t{256} << 20;

constexpr absl::Duration kFarewell = absl::Seconds(1);

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(Dispatcher* dispatcher) : dispatcher_(dispatcher), service_(dispatcher) {}
  ~GrpcServer() override { Shutdown(absl::InfinitePast()); }

  absl::Status Build(const Options& options) {
    KeepLibrary();
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    const Limits& limits = dispatcher_->limits();
    builder.SetMaxReceiveMessageSize(
        static_cast<int>(std::min<int64_t>(INT_MAX, int64_t{limits.max_request_bytes} + kSlackBytes)));
    // gRPC measures a message when it has come whole. Until then this is what bounds it, for all clients together: beyond
    // it streams are cancelled (RESOURCE_EXHAUSTED).
    grpc::ResourceQuota quota("reeve");
    quota.Resize(kBufferedBytes);
    builder.SetResourceQuota(quota);
    // A compressed message is measured before it is unpacked: a small one could become gigabytes.
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.AddChannelArgument(
        GRPC_ARG_MAX_CONCURRENT_STREAMS,
        static_cast<int>(std::min<int64_t>(INT_MAX, int64_t{limits.calls_per_client} + kSlackCalls)));
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kClientPingMilliseconds);
    if (options.keepalive_time != absl::InfiniteDuration()) {
      builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
      builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
      builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit: a silent stream is pinged, too
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("start the gRPC server: gRPC has logged the cause");
    return absl::OkStatus();
  }

  void HandOver(int descriptor) override { grpc::AddInsecureChannelFromFd(server_.get(), descriptor); }

  void Drain() override {
    dispatcher_->StartDraining();
    service_.EndStreams();
  }

  void Shutdown(absl::Time deadline) override {
    if (server_ == nullptr) return;
    Drain();
    deadline = std::clamp(deadline, absl::UnixEpoch(), absl::Now() + absl::Hours(24));
    // Without a call there is only the farewell, which a client that is stopped, or gone without a word, does not
    // answer.
    if (service_.AwaitIdle(deadline)) deadline = std::min(deadline, absl::Now() + kFarewell);
    server_->Shutdown(absl::ToChronoTime(deadline));
    server_->Wait();
    service_.AwaitIdle();
  }

  size_t streams() const override { return service_.streams(); }

 private:
  static int Milliseconds(absl::Duration duration) {
    return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, INT_MAX));
  }

  Dispatcher* const dispatcher_;
  GenericService service_;
  std::unique_ptr<grpc::Server> server_;  // destroyed before the service
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Dispatcher* dispatcher, connections::Table* table,
                                                      const Options& options) {
  if (!dispatcher->registration().ok()) return dispatcher->registration();
  auto server = std::make_unique<GrpcServer>(dispatcher);
  if (absl::Status status = server->Build(options); !status.ok()) return status;
  absl::Status status = CheckTransportNames(table, [&server](int descriptor) { server->HandOver(descriptor); });
  if (!status.ok()) return status;
  return server;
}

}  // namespace reeve::services
