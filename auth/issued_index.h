// The list of certificates that an authority has issued, in the form of "openssl ca" (index.txt).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace reeve::auth {

// One line of it.
struct IssuedCertificate {
  std::string serial;   // upper case hexadecimal, an even number of digits
  std::string subject;  // "/O=Example/CN=alice": ours ends with the common name
  absl::Time end;
  absl::Time revoked = absl::InfiniteFuture();  // when it was; the infinite future: it was not

  bool is_revoked() const { return revoked != absl::InfiniteFuture(); }
  // The common name of one of ours, else "".
  absl::string_view common_name() const;
};

// INVALID_ARGUMENT with the number of the line that is none: nothing is left out, since what is not in the list could
// not be revoked by its name.
absl::StatusOr<std::vector<IssuedCertificate>> ParseIndex(absl::string_view text);
std::string FormatIndex(const std::vector<IssuedCertificate>& certificates);

}  // namespace reeve::auth
