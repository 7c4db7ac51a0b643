// Names of domains. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// Whether `name` can be a domain's name: 1 to 128 bytes of UTF-8 without "/", control characters, leading or trailing
// blanks, and not "." or "..". Else NAME_INVALID.
absl::Status CheckDomainName(absl::string_view name);

// "hypervisors/{hypervisor}/domains/{name}".
std::string DomainResourceName(absl::string_view hypervisor, absl::string_view name);

// The two variable parts of such a name; both empty when it is not of that form. They point into it.
struct DomainNameParts {
  absl::string_view hypervisor;
  absl::string_view name;
};
DomainNameParts SplitDomainResourceName(absl::string_view resource_name);

}  // namespace reeve::formats
