#include "client/tls_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/fd_channel.h"
#include "client/tcp_connect.h"
#include "client/tls_context.h"
#include "client/tls_files.h"
#include "client/tls_link.h"
#include "util/errno.h"

namespace reeve::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// The channel, which keeps the link. Streams and calls hold the channel, so the link lives as long as any of them.
std::shared_ptr<grpc::Channel> WithLink(std::shared_ptr<grpc::Channel> channel, std::unique_ptr<TlsLink> link) {
  grpc::Channel* const raw = channel.get();
  return std::shared_ptr<grpc::Channel>(
      raw, [channel = std::move(channel), link = std::shared_ptr<TlsLink>(std::move(link))](grpc::Channel*) mutable {
        channel.reset();
        link.reset();
      });
}

// Repeats `step` until it is done or fails.
template <typename Step>
absl::Status Drive(SSL* ssl, const TlsContext& context, const std::string& problem, const Patience& patience,
                   Step step) {
  while (true) {
    ERR_clear_error();
    errno = 0;
    const int result = step(ssl);
    if (result == 1) return absl::OkStatus();
    const int error = SSL_get_error(ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return context.Explain(error, problem);
    const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (absl::Status status = AwaitSocket(SSL_get_fd(ssl), events, patience); !status.ok()) return status;
  }
}

absl::StatusOr<TlsOptions> OptionsOf(const Uri& uri) {
  const char* home = std::getenv("HOME");
  absl::StatusOr<TlsFiles> files = FindTlsFiles(uri.Parameter("pkipath"), home == nullptr ? "" : home, "");
  if (!files.ok()) return files.status();
  TlsOptions options;
  options.host = uri.host;
  const int port = uri.port == 0 ? kTlsPort : uri.port;
  options.server =
      absl::StrCat(uri.host.find(':') == std::string::npos ? uri.host : absl::StrCat("[", uri.host, "]"), ":", port);
  options.files = *std::move(files);
  options.verify = !uri.IsSet("no_verify");
  options.check_files = !uri.IsSet("no_sanity");
  options.allow_tls_1_2 = uri.Parameter("minimum_version") == "1.2";
  return options;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTls(const Uri& uri, int interrupt_fd) {
  absl::StatusOr<TlsOptions> options = OptionsOf(uri);
  if (!options.ok()) return options.status();
  return ConnectTls(*std::move(options), static_cast<uint16_t>(uri.port == 0 ? kTlsPort : uri.port), interrupt_fd);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTls(TlsOptions options, uint16_t port, int interrupt_fd) {
  const std::string host = options.host;
  const std::string server = options.server;
  absl::StatusOr<std::unique_ptr<TlsContext>> context = TlsContext::Create(std::move(options));
  if (!context.ok()) return context.status();
  const Patience patience{absl::Now() + kPatience, interrupt_fd};
  absl::StatusOr<util::UniqueFd> socket = ConnectTcp(host, port, patience);
  if (!socket.ok()) return socket.status();
  std::string problem;
  absl::StatusOr<util::UniqueSsl> ssl = (*context)->NewConnection(socket->get(), &problem);
  if (!ssl.ok()) return ssl.status();
  absl::Status status = Drive(ssl->get(), **context, problem, patience, SSL_connect);
  // With TLS 1.3 the server judges our certificate behind our half of the handshake: its first bytes, which HTTP/2 has
  // it send at once, say that we are in.
  if (status.ok()) {
    status = Drive(ssl->get(), **context, problem, patience, [](SSL* connection) {
      char byte = 0;
      return SSL_peek(connection, &byte, 1);
    });
  }
  if (absl::IsDeadlineExceeded(status)) {
    return absl::UnavailableError(absl::StrCat(server, " does not answer; does it speak TLS?"));
  }
  if (!status.ok()) return status;
  SSL_set_app_data(ssl->get(), nullptr);

  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return util::ErrnoStatus("make a socketpair");
  }
  util::UniqueFd ours(ends[0]);
  util::UniqueFd for_grpc(ends[1]);
  absl::StatusOr<std::unique_ptr<TlsLink>> link =
      TlsLink::Start(std::make_unique<util::TlsPump>(*std::move(ssl), *std::move(socket), std::move(ours)));
  if (!link.ok()) return link.status();
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = ChannelFromFd(std::move(for_grpc), server);
  if (!channel.ok()) return channel.status();
  return WithLink(*std::move(channel), *std::move(link));
}

}  // namespace reeve::client
