// OpenSSL's objects as owning handles, and its errors as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reeve::util {

template <auto kFree>
struct OpensslDeleter {
  template <typename Object>
  void operator()(Object* object) const {
    kFree(object);
  }
};

using UniqueBio = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using UniqueCertificate = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using UniqueKey = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using UniqueRevocations = std::unique_ptr<X509_CRL, OpensslDeleter<X509_CRL_free>>;
using UniqueSsl = std::unique_ptr<SSL, OpensslDeleter<SSL_free>>;
using UniqueSslContext = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;
using UniqueStore = std::unique_ptr<X509_STORE, OpensslDeleter<X509_STORE_free>>;
using UniqueStoreContext = std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>>;

// The newest entry of this thread's error queue as OpenSSL words it, "" when there is none. Empties the queue.
inline std::string TakeOpensslError() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  std::string text = code == 0 ? "" : reason != nullptr ? reason : absl::StrCat("OpenSSL error ", code);
  ERR_clear_error();
  return text;
}

// The same as an INTERNAL error that says what was being done.
inline absl::Status OpensslStatus(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpensslError()));
}

}  // namespace reeve::util
