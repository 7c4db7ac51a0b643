// What a certificate must be for its use.
#pragma once

#include <openssl/x509.h>

#include <string>

#include "absl/time/time.h"

namespace reeve::auth {

enum class CertificateUse { kAuthority, kServer, kClient };

// A rule that a certificate breaks, or none.
struct X509Finding {
  int error = X509_V_OK;  // X509_V_ERR_..., from which OpenSSL makes the alert (x509_verify_cert_error_string(3))
  std::string text;       // "has expired on 2026-01-31 23:59:59 UTC": what to say behind the certificate's name

  bool sound() const { return error == X509_V_OK; }
};

// Whether it is valid at `now`.
X509Finding CheckValidity(const X509* certificate, absl::Time now);

// The rules by which libvirt judges certificates, kept whether an extension is critical or not (RFC 5280, 4.2.1.3 and
// 4.2.1.12, make no difference either): an authority has basicConstraints CA:TRUE and, if it has a keyUsage,
// keyCertSign; a server's and a client's is no authority's and has, if it has a keyUsage, digitalSignature, and if it
// has an extendedKeyUsage, serverAuth or clientAuth (or any).
X509Finding CheckUse(X509* certificate, CertificateUse use);

// Both; the first finding.
X509Finding CheckCertificate(X509* certificate, CertificateUse use, absl::Time now);

}  // namespace reeve::auth
