#include "client/enrollment.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "auth/x509_files.h"
#include "auth/x509_issue.h"
#include "auth/x509_rules.h"
#include "client/grpc_status.h"
#include "client/tcp_connect.h"
#include "client/tls_channel.h"
#include "proto/methods.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/openssl.h"

namespace reeve::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
// Also the time by which the daemon holds a refusal back.
constexpr std::chrono::seconds kAnswer(60);
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

struct Server {
  std::string host;
  uint16_t port = 0;
  std::string text;
};

absl::StatusOr<Server> ParseAddress(const std::string& address) {
  Server server{.text = address};
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == std::string::npos || colon == 0 || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError("the token has an address that is none");
  }
  server.host = address.substr(0, colon);
  if (absl::StartsWith(server.host, "[") && absl::EndsWith(server.host, "]")) {
    server.host = server.host.substr(1, server.host.size() - 2);
  }
  server.port = static_cast<uint16_t>(port);
  return server;
}

// The certificate with that fingerprint among those that the server shows. Nothing of it is trusted but that.
absl::StatusOr<std::string> FetchAuthority(const Server& server, const std::string& sha256, int interrupt_fd) {
  const Patience patience{absl::Now() + kPatience, interrupt_fd};
  const absl::StatusOr<util::UniqueFd> socket = ConnectTcp(server.host, server.port, patience);
  if (!socket.ok()) return socket.status();
  const util::UniqueSslContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return util::OpensslStatus("prepare TLS");
  }
  const util::UniqueSsl ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket->get()) != 1 ||
      SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof(kHttp2)) != 0) {
    return util::OpensslStatus("prepare TLS");
  }
  SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl.get());
    if (result == 1) break;
    const int error = SSL_get_error(ssl.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return absl::UnavailableError(
          absl::StrCat(server.text, " does not speak TLS as a daemon does: ", util::TakeOpensslError()));
    }
    absl::Status status = AwaitSocket(socket->get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, patience);
    if (absl::IsDeadlineExceeded(status))
      status = absl::UnavailableError(absl::StrCat(server.text, " does not answer"));
    if (!status.ok()) return status;
  }
  const STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl.get());
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    if (auth::Fingerprint(sk_X509_value(shown, i)) == sha256) return auth::CertificatePem(sk_X509_value(shown, i));
  }
  return absl::UnauthenticatedError(absl::StrCat(server.text,
                                                 " does not show the authority that the token names: the token has "
                                                 "been used or has expired, or this is another server; "
                                                 "nothing was sent"));
}

// A file that only this process has.
absl::StatusOr<util::UniqueFd> InMemory(const std::string& text) {
  util::UniqueFd file(::memfd_create("authority", MFD_CLOEXEC));
  if (!file) return util::ErrnoStatus("make a file in memory");
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return util::ErrnoStatus("write a file in memory");
  }
  return file;
}

absl::StatusOr<v1::RedeemEnrollmentTokenResponse> Redeem(const std::shared_ptr<grpc::Channel>& channel,
                                                         const v1::RedeemEnrollmentTokenRequest& request) {
  using google::protobuf::MessageLite;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kAnswer);
  v1::RedeemEnrollmentTokenResponse response;
  std::promise<grpc::Status> done;
  grpc::TemplatedGenericStub<MessageLite, MessageLite> stub(channel);
  stub.UnaryCall(&context, methods::kRedeemEnrollmentToken.path, {}, &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const absl::Status status = FromGrpcStatus(done.get_future().get());
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<Enrolled> EnrollAt(const Server& server, const v1::EnrollmentTicket& ticket, int interrupt_fd) {
  const absl::StatusOr<std::string> authority = FetchAuthority(server, ticket.authority_sha256(), interrupt_fd);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<util::UniqueFd> file = InMemory(*authority);
  if (!file.ok()) return file.status();
  TlsOptions options;
  options.host = server.host;
  options.server = server.text;
  options.files.authorities = absl::StrCat("/proc/self/fd/", file->get());
  options.allow_tls_1_2 = true;
  const auto channel = ConnectTls(std::move(options), server.port, interrupt_fd);
  // It is the right server; but it lets clients without a certificate in only as long as there is a token.
  if (absl::IsUnauthenticated(channel.status()) &&
      absl::StrContains(channel.status().message(), "wants a client certificate")) {
    return absl::UnauthenticatedError(absl::StrCat(
        server.text, " has no token to be redeemed: it has been used, deleted, or has expired; nothing was sent"));
  }
  if (!channel.ok()) return channel.status();

  const absl::StatusOr<util::UniqueKey> key = auth::GenerateKey();
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> csr = auth::MakeCertificateRequest(key->get());
  if (!csr.ok()) return csr.status();
  v1::RedeemEnrollmentTokenRequest request;
  request.set_id(ticket.id());
  request.set_secret(ticket.secret());
  request.set_certificate_request(*std::move(csr));
  absl::StatusOr<v1::RedeemEnrollmentTokenResponse> response = Redeem(*channel, request);
  if (!response.ok()) return response.status();

  absl::StatusOr<std::string> key_pem = auth::KeyPem(key->get());
  if (!key_pem.ok()) return key_pem.status();
  // What the server gives must be of use: else it is told now, and not at the next connection.
  const absl::Time now = absl::Now();
  const auto authorities = auth::ParseAuthorities({.path = "the authority", .text = *authority}, now);
  if (!authorities.ok()) return authorities.status();
  const auto credentials =
      auth::ParseCredentials({.path = "the certificate that was given", .text = response->certificate()},
                             {.path = "our key", .text = *key_pem});
  if (!credentials.ok()) return credentials.status();
  if (absl::Status status = auth::CheckCredentials(*credentials, auth::CertificateUse::kClient, *authorities, now,
                                                   "the certificate that was given");
      !status.ok()) {
    return status;
  }
  return Enrolled{.certificate = std::move(*response->mutable_certificate()),
                  .key = *std::move(key_pem),
                  .authority = *authority,
                  .address = server.text};
}

}  // namespace

absl::StatusOr<Enrolled> Enroll(const v1::EnrollmentTicket& ticket, int interrupt_fd) {
  absl::Status first;
  for (const std::string& address : ticket.addresses()) {
    const absl::StatusOr<Server> server = ParseAddress(address);
    absl::StatusOr<Enrolled> enrolled =
        server.ok() ? EnrollAt(*server, ticket, interrupt_fd) : absl::StatusOr<Enrolled>(server.status());
    // Only who does not answer is passed over: the token may have been used up by what was sent.
    if (enrolled.ok() || !absl::IsUnavailable(enrolled.status())) return enrolled;
    first.Update(enrolled.status());
  }
  return first;
}

}  // namespace reeve::client
