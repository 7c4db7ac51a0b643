// A client's half of a TLS handshake.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/tls_files.h"
#include "util/openssl.h"

namespace reeve::client {

struct TlsOptions {
  std::string host;    // as the user wrote it: the server's certificate must be for it
  std::string server;  // "host:port", for messages
  TlsFiles files;
  bool verify = true;       // the server's certificate; else anybody can be in between
  bool check_files = true;  // our own ones, before they are used
  bool allow_tls_1_2 = false;
};

// Immutable; outlives its connections.
class TlsContext {
 public:
  // Reads the files. Errors name the file and what is wrong with it.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(TlsOptions options);

  // A connection on `socket`, which stays the caller's; SSL_connect does the rest. `problem` outlives it: what is wrong
  // with the server's certificate.
  absl::StatusOr<util::UniqueSsl> NewConnection(int socket, std::string* problem) const;

  // What made SSL_connect, SSL_peek or SSL_read fail with `error` (SSL_get_error(3)): the server's certificate, or its
  // alert in words, or the transport. Takes this thread's OpenSSL errors.
  absl::Status Explain(int error, const std::string& problem) const;

 private:
  explicit TlsContext(TlsOptions options) : options_(std::move(options)) {}
  absl::Status Build();
  std::string Verify(X509_STORE_CTX* store) const;
  std::string ExplainAlert(int alert, const std::string& text) const;

  const TlsOptions options_;
  util::UniqueSslContext context_;
  std::string subject_;  // of our certificate, "" without one
};

}  // namespace reeve::client
