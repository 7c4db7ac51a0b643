// Where a TLS client's certificate is.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reeve::client {

// Paths of PEM files.
struct TlsFiles {
  std::string authorities;
  std::string certificate;  // with its key; both empty: there is none
  std::string key;
  std::vector<std::string> looked;  // for the certificate, when there is none
};

// `pki_path` (URI parameter pkipath): a directory with cacert.pem, and clientcert.pem and clientkey.pem or neither of them.
// Without it, the first of these that is whole: ~/.pki/reeve and ~/.pki/libvirt, laid out like that; then, each file by
// itself, /etc/pki/reeve and /etc/pki/libvirt with clientcert.pem and private/clientkey.pem, and for the authorities
// /etc/pki/reeve/cacert.pem and /etc/pki/CA/cacert.pem. But for "reeve" these are libvirt's. Errors: NOT_FOUND names
// the places. `home` may be empty; `root` goes before /etc.
absl::StatusOr<TlsFiles> FindTlsFiles(const std::string& pki_path, const std::string& home, const std::string& root);

}  // namespace reeve::client
