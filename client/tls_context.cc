#include "client/tls_context.h"

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "auth/x509_files.h"
#include "auth/x509_names.h"
#include "auth/x509_rules.h"
#include "client/server_name.h"
#include "util/errno.h"

namespace reeve::client {
namespace {

constexpr int kMaxChain = 8;
constexpr unsigned char kHttp2[] = {2, 'h', '2'};
constexpr char kCiphersOfTls12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(TlsOptions options) {
  std::unique_ptr<TlsContext> context(new TlsContext(std::move(options)));
  if (absl::Status status = context->Build(); !status.ok()) return status;
  return context;
}

absl::Status TlsContext::Build() {
  const absl::Time now = absl::Now();
  const auth::PemText authorities_pem = auth::ReadPem(options_.files.authorities);
  auto authorities =
      options_.check_files ? auth::ParseAuthorities(authorities_pem, now) : auth::ParseCertificates(authorities_pem);
  if (!authorities.ok()) return authorities.status();

  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = context_.get();
  if (context == nullptr) return util::OpensslStatus("make a TLS context");
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_min_proto_version(context, options_.allow_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, 0) != 1 || SSL_CTX_set_cipher_list(context, kCiphersOfTls12) != 1 ||
      SSL_CTX_set_alpn_protos(context, kHttp2, sizeof(kHttp2)) != 0) {
    return util::OpensslStatus("set a TLS context up");
  }
  for (const auto& authority : *authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1) {
      return util::OpensslStatus(absl::StrCat("keep the authorities of ", options_.files.authorities));
    }
  }
  X509_VERIFY_PARAM_set_depth(SSL_CTX_get0_param(context), kMaxChain);
  SSL_CTX_set_verify(context, options_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context,
      [](X509_STORE_CTX* store, void* self) {
        const auto* context = static_cast<const TlsContext*>(self);
        auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        if (!context->options_.verify) return 1;
        std::string problem = context->Verify(store);
        if (problem.empty()) return 1;
        *static_cast<std::string*>(SSL_get_app_data(ssl)) = std::move(problem);
        if (X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
      },
      this);
  if (options_.files.certificate.empty()) return absl::OkStatus();

  auto credentials =
      auth::ParseCredentials(auth::ReadPem(options_.files.certificate), auth::ReadPem(options_.files.key));
  if (!credentials.ok()) return credentials.status();
  if (options_.check_files) {
    absl::Status sound = auth::CheckCredentials(*credentials, auth::CertificateUse::kClient, *authorities, now,
                                                options_.files.certificate);
    if (!sound.ok()) return sound;
  }
  subject_ = auth::SubjectText(credentials->chain[0].get());
  if (SSL_CTX_use_certificate(context, credentials->chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, credentials->key.get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(options_.files.certificate, ": ", util::TakeOpensslError()));
  }
  for (size_t i = 1; i < credentials->chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, credentials->chain[i].get()) != 1) {
      return absl::InvalidArgumentError(absl::StrCat(options_.files.certificate, ": ", util::TakeOpensslError()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<util::UniqueSsl> TlsContext::NewConnection(int socket, std::string* problem) const {
  util::UniqueSsl ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket) != 1) return util::OpensslStatus("begin a TLS connection");
  SSL_set_app_data(ssl.get(), problem);
  if (!IsAddress(options_.host) && SSL_set_tlsext_host_name(ssl.get(), options_.host.c_str()) != 1) {
    return util::OpensslStatus("name the server");
  }
  return ssl;
}

std::string TlsContext::Verify(X509_STORE_CTX* store) const {
  const std::string whose = absl::StrCat("the server certificate of ", options_.server, " ");
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (X509_verify_cert(store) != 1) {
    ERR_clear_error();
    const int error = X509_STORE_CTX_get_error(store);
    const auth::X509Finding finding = auth::CheckCertificate(certificate, auth::CertificateUse::kServer, absl::Now());
    switch (error) {
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return absl::StrCat(whose, "is not signed by an authority of ", options_.files.authorities, ", its issuer is ",
                            auth::IssuerText(certificate));
      default:
        break;
    }
    if (X509_STORE_CTX_get_error_depth(store) == 0 && !finding.sound()) return absl::StrCat(whose, finding.text);
    return absl::StrCat(whose, "cannot be verified: ", X509_verify_cert_error_string(error));
  }
  if (const auto finding = auth::CheckUse(certificate, auth::CertificateUse::kServer); !finding.sound()) {
    return absl::StrCat(whose, finding.text);
  }
  const absl::Status name = CheckServerName(certificate, options_.host);
  return name.ok() ? "" : absl::StrCat(whose, name.message());
}

std::string TlsContext::ExplainAlert(int alert, const std::string& text) const {
  const std::string ours = subject_.empty() ? absl::StrCat(options_.server, " refuses us")
                                            : absl::StrCat(options_.server, " refuses our certificate (", subject_,
                                                           ", ", options_.files.certificate, ")");
  switch (alert) {
    case SSL_AD_CERTIFICATE_EXPIRED:
      return absl::StrCat(ours, ": it has expired");
    case SSL_AD_CERTIFICATE_REVOKED:
      return absl::StrCat(ours, ": it has been revoked");
    case SSL_AD_UNKNOWN_CA:
      return absl::StrCat(ours, ": the server does not know the authority that signed it");
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return absl::StrCat(ours, ": it may not be used as a client's");
    case SSL_AD_BAD_CERTIFICATE:
      return absl::StrCat(ours, ": it breaks a rule for client certificates; the server's log says which");
    case SSL_AD_ACCESS_DENIED:
      return absl::StrCat(ours, ": access denied, it is not on the server's list of allowed clients");
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return absl::StrCat(ours, "; the server's log says why");
    case SSL_AD_INTERNAL_ERROR:
      return absl::StrCat(ours, ": it cannot verify certificates now (its revocation list?); its log says why");
    case SSL_AD_CERTIFICATE_REQUIRED:
      break;
    case SSL_AD_HANDSHAKE_FAILURE:
      if (subject_.empty()) break;
      return absl::StrCat(options_.server, " and we have no TLS parameters in common");
    case SSL_AD_PROTOCOL_VERSION:
      return absl::StrCat(options_.server, " and we have no version of TLS in common",
                          options_.allow_tls_1_2 ? "" : ", from 1.3 on; minimum_version=1.2 allows 1.2");
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return absl::StrCat(options_.server, " does not speak HTTP/2");
    default:
      return absl::StrCat(options_.server, " ends the handshake: ", text);
  }
  const std::string looked = absl::StrJoin(options_.files.looked, ", ");
  return absl::StrCat(options_.server, " wants a client certificate, and there is none",
                      looked.empty() ? "" : absl::StrCat(": looked for ", looked));
}

absl::Status TlsContext::Explain(int error, const std::string& problem) const {
  const int errno_before = errno;
  const unsigned long code = ERR_peek_last_error();
  const std::string text = util::TakeOpensslError();
  if (!problem.empty()) return absl::UnauthenticatedError(problem);
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  if (reason >= SSL_AD_REASON_OFFSET) {
    return absl::UnauthenticatedError(ExplainAlert(reason - SSL_AD_REASON_OFFSET, text));
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER) {
    return absl::UnavailableError(absl::StrCat(options_.server, " does not speak TLS"));
  }
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
    return absl::UnauthenticatedError(ExplainAlert(SSL_AD_PROTOCOL_VERSION, text));
  }
  if (!text.empty()) return absl::UnavailableError(absl::StrCat("TLS with ", options_.server, ": ", text));
  if (error == SSL_ERROR_SYSCALL && errno_before != 0) {
    return absl::UnavailableError(absl::StrCat("the connection to ", options_.server,
                                               " broke: ", util::ErrnoStatus(errno_before, "TLS").message()));
  }
  return absl::UnavailableError(
      absl::StrCat(options_.server, " closed the connection; it may have too many clients, its log says why"));
}

}  // namespace reeve::client
