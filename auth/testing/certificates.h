// Certificates for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "util/openssl.h"

namespace reeve::auth::testing {

struct CertificateOptions {
  // Subject: short names and values in the order of the certificate.
  std::vector<std::pair<std::string, std::string>> subject = {{"O", "Example"}, {"CN", "alice"}};
  long begin_seconds = -86400;  // from now
  long end_seconds = 86400;
  long serial = 0x0a1b;
  // By their OpenSSL short name, e.g. {"basicConstraints", "critical,CA:TRUE"} (x509v3_config(5)).
  std::vector<std::pair<std::string, std::string>> extensions;
};

struct Issued {
  util::UniqueCertificate certificate;
  util::UniqueKey key;

  std::string certificate_pem() const;
  std::string key_pem(const char* passphrase = nullptr) const;
};

// Signed by `signer`, or by itself. Keys are P-256.
Issued Issue(const CertificateOptions& options, const Issued* signer = nullptr);

// An authority with keyCertSign and cRLSign.
Issued IssueAuthority(const std::string& name = "Example CA", const Issued* signer = nullptr);

// A revocation list of `signer` with these serial numbers, PEM.
std::string Revocations(const Issued& signer, const std::vector<long>& serials, long end_seconds = 86400);

}  // namespace reeve::auth::testing
