// Whose certificate it is, as text.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace reeve::auth {

// Names in the form of RFC 4514, e.g. "CN=alice,O=Example": the last attribute of the certificate first. UTF-8 stays,
// control characters are escaped as \0A. "" for an empty name.
std::string NameText(const X509_NAME* name);
std::string SubjectText(const X509* certificate);
std::string IssuerText(const X509* certificate);
// Hexadecimal, upper case, an even number of digits: "0A1B"; a negative one has a "-" before it.
std::string SerialText(const ASN1_INTEGER* serial);
// Subject alternative names (RFC 5280, 4.2.1.6), in the order of the certificate: "DNS:host" (lower case),
// "IP:192.0.2.1", "URI:...", "email:...". Other kinds are left out. Control characters are escaped.
std::vector<std::string> AlternativeNames(const X509* certificate);

// Infinite past when the certificate's text is no time.
absl::Time ToTime(const ASN1_TIME* time);
// "2026-01-31 23:59:59 UTC".
std::string TimeText(absl::Time time);

}  // namespace reeve::auth
