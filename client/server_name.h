// Is a certificate the named server's?
#pragma once

#include <openssl/x509.h>

#include <string>

#include "absl/status/status.h"

namespace reeve::client {

// `host` is a name or an address as the user wrote it. The alternative names count; the subject's common name only for
// a host name and only if there is no alternative DNS name (RFC 6125, 6.4.4). A wildcard stands for one whole label.
// The error says for whom the certificate is.
absl::Status CheckServerName(X509* certificate, const std::string& host);

// Whether `host` is an IPv4 or IPv6 address.
bool IsAddress(const std::string& host);

}  // namespace reeve::client
