// Certificates, keys and revocation lists from PEM files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/x509_rules.h"
#include "util/openssl.h"

namespace reeve::auth {

// The content of a PEM file, with the name by which errors call it.
struct PemText {
  std::string path;
  absl::StatusOr<std::string> text = "";  // an error: the file could not be read

  bool operator==(const PemText&) const = default;
};

// Reads a file of at most 1 MiB. Blocks.
PemText ReadPem(const std::string& path);

// At least one certificate, in the file's order; other objects in it are passed over. Errors of these functions name
// the file and the cause.
absl::StatusOr<std::vector<util::UniqueCertificate>> ParseCertificates(const PemText& pem);
// A private key. One that is protected by a passphrase is refused: nobody could give it.
absl::StatusOr<util::UniqueKey> ParseKey(const PemText& pem);
// At least one revocation list.
absl::StatusOr<std::vector<util::UniqueRevocations>> ParseRevocations(const PemText& pem);

// The authorities of a file, each valid at `now` and an authority.
absl::StatusOr<std::vector<util::UniqueCertificate>> ParseAuthorities(const PemText& pem, absl::Time now);

// Someone who shows a certificate: the chain, the end's first, and its key.
struct Credentials {
  std::vector<util::UniqueCertificate> chain;
  util::UniqueKey key;
};

// Checks that the key belongs to the certificate.
absl::StatusOr<Credentials> ParseCredentials(const PemText& certificate, const PemText& key);
// Checks that the certificate is valid at `now`, made for `use`, and signed by one of the authorities. `path` is for
// the error.
absl::Status CheckCredentials(const Credentials& credentials, CertificateUse use,
                              const std::vector<util::UniqueCertificate>& authorities, absl::Time now,
                              const std::string& path);

}  // namespace reeve::auth
