// A destination that is reached over the network, as a client reaches it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/migration/link.h"

namespace reeve::migration {

// `uri` is one of the transports tls and unix. It comes from a caller, who must not choose with which of the host's files
// the daemon shows who it is: for tls they are cacert.pem, clientcert.pem and clientkey.pem in `pki_path`, and the other's
// certificate is always checked. INVALID_ARGUMENT; FAILED_PRECONDITION when one of the files is missing. Connects when
// it is asked to.
absl::StatusOr<std::unique_ptr<Destination>> OpenRemoteDestination(const std::string& pki_path, const std::string& uri,
                                                                   const std::string& ticket_id,
                                                                   const std::string& ticket_secret);

}  // namespace reeve::migration
