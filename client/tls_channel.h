// TLS connections as gRPC channels.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "client/tls_context.h"
#include "client/uri.h"

namespace reeve::client {

// The port when a URI names none.
inline constexpr int kTlsPort = 16520;

// Connects to the server of a URI of transport tls, by its parameters pkipath, no_verify, no_sanity and
// minimum_version, and gives gRPC one end of a socketpair whose other end a thread joins to the network, as long as the
// channel lives. gRPC's own TLS would not tell the server's alerts, which come behind the handshake with TLS 1.3: so
// this waits for the server's first bytes. While `interrupt_fd` (-1: none) is readable, connecting is given up
// (CANCELLED). UNAVAILABLE when nobody answers, UNAUTHENTICATED when one side refuses the other's certificate,
// INVALID_ARGUMENT and NOT_FOUND for what concerns our files. Blocks, at most 30 seconds.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTls(const Uri& uri, int interrupt_fd);
// The same without a URI.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTls(TlsOptions options, uint16_t port, int interrupt_fd);

}  // namespace reeve::client
