// Domains as the user names and reads them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/color.h"
#include "cli/context.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::cli {

// "running", "shut off", ...: virsh's words.
std::string StateWords(v1::DomainState state);
// "booted", "out of memory", ...
std::string ReasonWords(v1::DomainStateReason reason);
Style StateStyle(v1::DomainState state);
// Whether something of the guest is there: everything but shut off.
bool IsActive(v1::DomainState state);

// "stage=live,team=web", in the order of the keys.
std::string LabelsText(const v1::Domain& domain);

// "web1" for "hypervisors/lxc/domains/web1".
std::string LastPart(absl::string_view resource_name);

// The resource name of the domain that the user calls `argument`: a name, a UUID, or the id of a running domain. A
// number is taken as an id first, as virsh takes it, and that needs a call.
absl::StatusOr<std::string> ResolveDomain(Context& context, const std::string& argument);

// The domain that the user calls `argument`.
absl::StatusOr<v1::Domain> GetDomain(Context& context, const std::string& argument, v1::DomainView view);

// Fails with "failed to get domain 'x'" where the domain is not there, with `what` otherwise.
int FailDomain(Context& context, absl::string_view what, const std::string& argument, const absl::Status& status);

}  // namespace reeve::cli
