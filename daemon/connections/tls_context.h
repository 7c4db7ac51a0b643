// What a TLS server shows and whom it lets in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/x509_files.h"
#include "daemon/connections/connection.h"
#include "util/openssl.h"

namespace reeve::connections {

// Where the files are. All PEM.
struct TlsPaths {
  std::string authorities;  // who signs the clients' certificates, and ours
  std::string certificate;  // ours, with the authorities between it and the root behind it
  std::string key;
  std::string revocations;  // empty: none is asked for

  bool operator==(const TlsPaths&) const = default;
};

// What is in them.
struct TlsTexts {
  auth::PemText authorities;
  auth::PemText certificate;
  auth::PemText key;
  std::optional<auth::PemText> revocations;

  bool operator==(const TlsTexts&) const = default;
};

TlsTexts ReadTlsTexts(const TlsPaths& paths);

// Whom to let in.
struct TlsPolicy {
  bool allow_tls_1_2 = false;
  // Patterns (util/glob.h) for the subject in the form of RFC 4514. Empty: nobody.
  std::vector<std::string> allowed_subjects = {"*"};
  // Patterns for an alternative name such as "DNS:*.example.com"; one of the certificate's must fit. "*" lets also
  // those in who have none. Empty: nobody. A client must be on both lists.
  std::vector<std::string> allowed_names = {"*"};

  bool operator==(const TlsPolicy&) const = default;
};

// What became of one client; filled during the handshake, so it must outlive the SSL it was given to.
struct TlsVerdict {
  std::string subject;  // of the certificate that it showed, "" when none
  std::string rule;     // that refuses it, as the log says it; "" when it may come in
  bool denied = false;  // its certificate is sound, but it is not on the list
};

// One set of files in use. Immutable and thread-safe; the handshakes that began with it keep it.
class TlsContext {
 public:
  // Checks our own certificate by the rules of auth/x509_rules.h; the error names the file and the
  // rule. A revocation list that cannot be read is no error here: every client is refused then (fail closed), and
  // revocation_problem() says so.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Create(const TlsTexts& texts, TlsPolicy policy,
                                                                  absl::Time now);

  // The server's half of a connection on `socket`, which stays the caller's. A client that need not show a certificate is
  // shown our chain with its root: it may be here to get to know it (client/enrollment.h). SSL_accept does the rest, and fails with
  // the fitting alert for whom the verdict refuses. If it succeeds the verdict must still be looked at: with TLS 1.2 a
  // client that is not on a list is refused without an alert of its own.
  absl::StatusOr<util::UniqueSsl> NewConnection(int socket, bool certificate_required, TlsVerdict* verdict) const;

  // Whether a client's certificate has been revoked since it came in, by issuer and serial number.
  bool Revokes(const TlsPeer& peer) const;

  const std::string& revocation_problem() const { return revocation_problem_; }
  // "CN=host,O=Example, valid until 2026-01-31 23:59:59 UTC", of our certificate.
  const std::string& description() const { return description_; }
  absl::Time expires() const { return expires_; }
  // The alternative names of our certificate.
  const std::vector<std::string>& names() const { return names_; }
  // SHA-256 of the authority at the end of our chain, 32 bytes.
  const std::string& root_sha256() const { return root_sha256_; }

 private:
  explicit TlsContext(TlsPolicy policy) : policy_(std::move(policy)) {}
  absl::Status Build(const TlsTexts& texts, absl::Time now);
  void TakeRevocations(const auth::PemText& pem, absl::Time now);
  int Verify(X509_STORE_CTX* store, TlsVerdict* verdict, SSL* ssl) const;
  bool OnLists(X509* certificate, TlsVerdict* verdict) const;

  const TlsPolicy policy_;
  util::UniqueSslContext context_;
  std::vector<util::UniqueRevocations> revocations_;
  std::string revocation_problem_;
  std::string description_;
  absl::Time expires_;
  std::vector<std::string> names_;
  util::UniqueCertificate root_;
  std::string root_sha256_;
};

// What a finished handshake tells of the client, but for its address.
TlsPeer DescribeTlsPeer(SSL* ssl);

}  // namespace reeve::connections
