// An authority in a directory: its key, and what it has issued.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/issued_index.h"
#include "auth/x509_issue.h"
#include "util/fd.h"
#include "util/openssl.h"

namespace reeve::auth {

// Where its files are: libvirt's layout of /etc/pki/CA, with the names of "openssl ca" for what libvirt has not.
struct AuthorityPaths {
  explicit AuthorityPaths(const std::string& directory)
      : directory(directory),
        certificate(directory + "/cacert.pem"),
        key(directory + "/private/cakey.pem"),
        index(directory + "/index.txt"),
        revocations(directory + "/cacrl.pem"),
        revocation_number(directory + "/crlnumber") {}
  std::string directory;
  std::string certificate;
  std::string key;
  std::string index;
  std::string revocations;
  std::string revocation_number;
};

// Holds a lock, so keep it for a moment only: command line and daemon work with the same one. What it has
// issued is in its list, on the disk, before anybody has the certificate: so all can be revoked. Not thread-safe.
// Blocks.
class CertificateAuthority {
 public:
  // Makes the directories, key and certificate. ALREADY_EXISTS when there are some; `replace` makes new ones all the
  // same, and forgets what the old authority has issued.
  static absl::Status Create(const AuthorityPaths& paths, const CertificatePlan& plan, bool replace);
  // NOT_FOUND names the file that is missing; INVALID_ARGUMENT says what is wrong with one; UNAVAILABLE: somebody else has
  // held the lock for five seconds.
  static absl::StatusOr<CertificateAuthority> Open(const AuthorityPaths& paths);

  X509* certificate() const { return certificate_.get(); }
  const std::vector<IssuedCertificate>& issued() const { return issued_; }

  // Issues and writes down. RenewCertificate's and IssueCertificate's errors, and errno's.
  absl::StatusOr<util::UniqueCertificate> Issue(const CertificatePlan& plan, EVP_PKEY* key);
  absl::StatusOr<util::UniqueCertificate> Renew(X509* old, absl::Time begin, absl::Time end, EVP_PKEY* key);
  // A new certificate for the authority's own key, by which all that it has issued stays good.
  absl::Status RenewItself(absl::Time begin, absl::Time end);

  // Notes these serial numbers as revoked, also such as are not in the list. Then WriteRevocations.
  absl::Status Revoke(const std::vector<std::string>& serials, absl::Time now);
  // Writes the revocation list, which is good until `end`, or the authority's own end.
  absl::Status WriteRevocations(absl::Time now, absl::Time end);

 private:
  explicit CertificateAuthority(AuthorityPaths paths) : paths_(std::move(paths)) {}
  absl::Status WriteIndex();
  absl::StatusOr<util::UniqueCertificate> Note(absl::StatusOr<util::UniqueCertificate> certificate);

  AuthorityPaths paths_;
  util::UniqueFd lock_;
  util::UniqueCertificate certificate_;
  util::UniqueKey key_;
  std::vector<IssuedCertificate> issued_;
};

// Writes a certificate (0644) or key (0600) with its directories, so that a reader sees the old file or the new one.
absl::Status WriteCertificateFile(const std::string& path, absl::string_view pem);
absl::Status WriteKeyFile(const std::string& path, absl::string_view pem);

}  // namespace reeve::auth
