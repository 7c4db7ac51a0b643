#include "daemon/connections/tls_context.h"

#include <openssl/tls1.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "auth/x509_issue.h"
#include "auth/x509_names.h"
#include "auth/x509_rules.h"
#include "util/glob.h"
#include "util/log.h"

namespace reeve::connections {
namespace {

constexpr int kMaxChain = 8;
constexpr long kMaxChainBytes = 64 << 10;
// A number of the private range (RFC 8446, 11); the extension is never sent.
constexpr unsigned kRefusalExtension = 0xff52;
// Not in OpenSSL's table of alerts, so that it sends certificate_unknown.
constexpr int kOtherError = X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE;
constexpr char kCiphersOfTls12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                   void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp2, sizeof(kHttp2), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// OpenSSL has no call to send an alert of the application's choice. But it asks for extensions of a session ticket,
// and sends the alert that the answer names. Tickets are off; for a client to be refused one is asked for (Verify).
int RefuseInTicket(SSL* ssl, unsigned, unsigned, const unsigned char**, size_t*, X509*, size_t, int* alert, void*) {
  const auto* verdict = static_cast<const TlsVerdict*>(SSL_get_app_data(ssl));
  if (verdict == nullptr || !verdict->denied) return 0;
  *alert = SSL_AD_ACCESS_DENIED;
  return -1;
}

// What broke the chain, said of the certificate that it is about.
std::string ChainProblem(X509_STORE_CTX* store, int* error, absl::Time now) {
  *error = X509_STORE_CTX_get_error(store);
  X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) certificate = X509_STORE_CTX_get0_cert(store);
  const bool end = X509_STORE_CTX_get_error_depth(store) == 0;
  const std::string who = end ? "the certificate" : absl::StrCat("the authority ", auth::SubjectText(certificate));
  const auto use = end ? auth::CertificateUse::kClient : auth::CertificateUse::kAuthority;
  auth::X509Finding finding;
  switch (*error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      finding = auth::CheckValidity(certificate, now);
      break;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
      finding = auth::CheckUse(certificate, use);
      break;
    case X509_V_ERR_CERT_REVOKED:
      return absl::StrCat(who, " has been revoked, serial number ",
                          auth::SerialText(X509_get0_serialNumber(certificate)));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return absl::StrCat(who, " is not signed by an authority of ours, its issuer is ", auth::IssuerText(certificate));
    // Ours to mend, not the client's.
    case X509_V_ERR_CRL_HAS_EXPIRED:
      *error = X509_V_ERR_UNSPECIFIED;
      return absl::StrCat("the revocation list of ", auth::IssuerText(certificate),
                          " has expired, so nobody is let in");
    case X509_V_ERR_CRL_NOT_YET_VALID:
      *error = X509_V_ERR_UNSPECIFIED;
      return absl::StrCat("the revocation list of ", auth::IssuerText(certificate),
                          " is not valid yet, so nobody is let in");
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      *error = X509_V_ERR_UNSPECIFIED;
      return absl::StrCat("there is no revocation list that ", auth::IssuerText(certificate),
                          " has signed, so nobody is let in");
    default:
      break;
  }
  if (!finding.sound()) {
    *error = finding.error;
    return absl::StrCat(who, " ", finding.text);
  }
  return absl::StrCat(who, ": ", X509_verify_cert_error_string(*error));
}

// Host names have no case; AlternativeNames gives them in lower case.
std::string NormalizedPattern(const std::string& pattern) {
  return absl::StartsWith(pattern, "DNS:") ? absl::StrCat("DNS:", absl::AsciiStrToLower(pattern.substr(4))) : pattern;
}

}  // namespace

TlsTexts ReadTlsTexts(const TlsPaths& paths) {
  TlsTexts texts{.authorities = auth::ReadPem(paths.authorities),
                 .certificate = auth::ReadPem(paths.certificate),
                 .key = auth::ReadPem(paths.key)};
  if (!paths.revocations.empty()) texts.revocations = auth::ReadPem(paths.revocations);
  return texts;
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Create(const TlsTexts& texts, TlsPolicy policy,
                                                                     absl::Time now) {
  for (std::string& pattern : policy.allowed_names) pattern = NormalizedPattern(pattern);
  std::shared_ptr<TlsContext> context(new TlsContext(std::move(policy)));
  if (absl::Status status = context->Build(texts, now); !status.ok()) return status;
  return context;
}

absl::Status TlsContext::Build(const TlsTexts& texts, absl::Time now) {
  auto authorities = auth::ParseAuthorities(texts.authorities, now);
  if (!authorities.ok()) return authorities.status();
  auto credentials = auth::ParseCredentials(texts.certificate, texts.key);
  if (!credentials.ok()) return credentials.status();
  absl::Status sound =
      auth::CheckCredentials(*credentials, auth::CertificateUse::kServer, *authorities, now, texts.certificate.path);
  if (!sound.ok()) return sound;
  expires_ = auth::ToTime(X509_get0_notAfter(credentials->chain[0].get()));
  description_ =
      absl::StrCat(auth::SubjectText(credentials->chain[0].get()), ", valid until ", auth::TimeText(expires_));

  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = context_.get();
  if (context == nullptr) return util::OpensslStatus("make a TLS context");
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxChainBytes);
  SSL_CTX_set_alpn_select_cb(context, SelectProtocol, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context,
      [](X509_STORE_CTX* store, void* self) {
        auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        return static_cast<const TlsContext*>(self)->Verify(store, static_cast<TlsVerdict*>(SSL_get_app_data(ssl)),
                                                            ssl);
      },
      this);
  if (SSL_CTX_set_num_tickets(context, 0) != 1 ||
      SSL_CTX_set_min_proto_version(context, policy_.allow_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, 0) != 1 || SSL_CTX_set_cipher_list(context, kCiphersOfTls12) != 1 ||
      SSL_CTX_set1_groups_list(context, kGroups) != 1 ||
      SSL_CTX_add_custom_ext(context, kRefusalExtension, SSL_EXT_TLS1_3_NEW_SESSION_TICKET, RefuseInTicket, nullptr,
                             nullptr, nullptr, nullptr) != 1) {
    return util::OpensslStatus("set a TLS context up");
  }
  if (SSL_CTX_use_certificate(context, credentials->chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, credentials->key.get()) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(texts.certificate.path, ": ", util::TakeOpensslError()));
  }
  for (size_t i = 1; i < credentials->chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, credentials->chain[i].get()) != 1) {
      return absl::InvalidArgumentError(absl::StrCat(texts.certificate.path, ": ", util::TakeOpensslError()));
    }
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& authority : *authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1 || SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return util::OpensslStatus(absl::StrCat("keep the authorities of ", texts.authorities.path));
    }
  }
  X509_VERIFY_PARAM_set_depth(SSL_CTX_get0_param(context), kMaxChain);
  names_ = auth::AlternativeNames(credentials->chain[0].get());
  // CheckCredentials has found a chain, so there is one that fits.
  for (auto& authority : *authorities) {
    if (root_ != nullptr || X509_check_issued(authority.get(), credentials->chain.back().get()) != X509_V_OK) continue;
    root_sha256_ = auth::Fingerprint(authority.get());
    root_ = std::move(authority);
  }
  if (texts.revocations) TakeRevocations(*texts.revocations, now);
  ERR_clear_error();
  return absl::OkStatus();
}

void TlsContext::TakeRevocations(const auth::PemText& pem, absl::Time now) {
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context_.get()), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  auto revocations = auth::ParseRevocations(pem);
  if (!revocations.ok()) {
    revocation_problem_ = std::string(revocations.status().message());
    return;
  }
  for (const auto& list : *revocations) {
    X509_STORE_add_crl(SSL_CTX_get_cert_store(context_.get()), list.get());
    // Refused by Verify, client by client; this is to tell it early.
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get());
    if (next != nullptr && auth::ToTime(next) < now) {
      util::LogError(pem.path, ": a revocation list has expired on ", auth::TimeText(auth::ToTime(next)),
                     ": clients of its authority are refused");
    }
  }
  revocations_ = *std::move(revocations);
}

int TlsContext::Verify(X509_STORE_CTX* store, TlsVerdict* verdict, SSL* ssl) const {
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  if (verdict == nullptr || certificate == nullptr) return 0;
  verdict->subject = auth::SubjectText(certificate);
  int error = X509_V_OK;
  if (!revocation_problem_.empty()) {
    verdict->rule = absl::StrCat("the revocation list cannot be read, so nobody is let in: ", revocation_problem_);
    error = X509_V_ERR_UNSPECIFIED;
  } else if (X509_verify_cert(store) != 1) {
    verdict->rule = ChainProblem(store, &error, absl::Now());
  } else if (const auto finding = auth::CheckUse(certificate, auth::CertificateUse::kClient); !finding.sound()) {
    verdict->rule = absl::StrCat("the certificate ", finding.text);
    error = finding.error;
  } else if (OnLists(certificate, verdict)) {
    return 1;
  } else if (SSL_version(ssl) >= TLS1_3_VERSION && SSL_set_num_tickets(ssl, 1) == 1) {
    verdict->denied = true;  // the alert comes with the ticket
    return 1;
  } else {
    error = kOtherError;
  }
  X509_STORE_CTX_set_error(store, error == X509_V_OK ? kOtherError : error);
  return 0;
}

bool TlsContext::OnLists(X509* certificate, TlsVerdict* verdict) const {
  if (!util::AnyGlobMatches(policy_.allowed_subjects, verdict->subject)) {
    verdict->rule = "the subject is not in tls.allowed_subjects";
    return false;
  }
  if (util::AnyGlobMatches(policy_.allowed_names, "")) return true;  // by "*"
  for (const std::string& name : auth::AlternativeNames(certificate)) {
    if (util::AnyGlobMatches(policy_.allowed_names, name)) return true;
  }
  verdict->rule = "no alternative name is in tls.allowed_names";
  return false;
}

absl::StatusOr<util::UniqueSsl> TlsContext::NewConnection(int socket, bool certificate_required,
                                                          TlsVerdict* verdict) const {
  util::UniqueSsl ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket) != 1) return util::OpensslStatus("begin a TLS connection");
  SSL_set_app_data(ssl.get(), verdict);
  SSL_set_verify(ssl.get(), SSL_VERIFY_PEER | (certificate_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  SSL_set_accept_state(ssl.get());
  if (!certificate_required && root_ != nullptr && SSL_add1_chain_cert(ssl.get(), root_.get()) != 1) {
    return util::OpensslStatus("add the authority to our chain");
  }
  return ssl;
}

bool TlsContext::Revokes(const TlsPeer& peer) const {
  if (!peer.has_certificate) return false;
  for (const auto& list : revocations_) {
    const STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(list.get());
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      const ASN1_INTEGER* serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i));
      if (auth::SerialText(serial) == peer.serial && auth::NameText(X509_CRL_get_issuer(list.get())) == peer.issuer) {
        return true;
      }
    }
  }
  return false;
}

TlsPeer DescribeTlsPeer(SSL* ssl) {
  TlsPeer peer;
  peer.protocol = SSL_get_version(ssl);
  peer.cipher = SSL_get_cipher_name(ssl);
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return peer;
  peer.has_certificate = true;
  peer.subject = auth::SubjectText(certificate);
  peer.issuer = auth::IssuerText(certificate);
  peer.serial = auth::SerialText(X509_get0_serialNumber(certificate));
  peer.subject_alternative_names = auth::AlternativeNames(certificate);
  return peer;
}

}  // namespace reeve::connections
