// Where certificates are: libvirt's layout, below a root directory.
#pragma once

#include <string>

#include "auth/certificate_authority.h"

namespace reeve::cli {

// A certificate and its key.
struct PairPlace {
  std::string certificate;
  std::string key;
};

struct PkiPlaces {
  auth::AuthorityPaths authority;  // /etc/pki/CA; its certificate is also what others are judged by
  std::string authorities;         // the certificate by which this host judges others
  PairPlace server;
  PairPlace client;
};

// Below `root`, which may be empty: where new files go, /etc/pki/CA and /etc/pki/libvirt.
PkiPlaces LibvirtPlaces(const std::string& root);
// The files that daemon and client take by default: those of /etc/pki/reeve go before libvirt's.
PkiPlaces PlacesInUse(const std::string& root);
// All in one directory, as the URI parameter pkipath has it, but for the authority's own.
PkiPlaces PlacesIn(const std::string& directory, const std::string& root);

}  // namespace reeve::cli
