// Domains as xend's S-expressions, read into the model and written from it: "(domain ...)" as xend told of them and
// "(vm ...)" as it took them. They are understood as libvirt 4.5 did, the last to have its native format "xen-sxpr".
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// Reads an expression within the bounds of formats/s_expression.h. The result has `name`
// ("hypervisors/xen/domains/NAME"), `uid` (empty when the text has no uuid), and `spec` with the defaults that libvirt
// 4.5 added, which has passed CheckDomainSpec.
//
// Errors: DOCUMENT_MALFORMED (no S-expression), DOCUMENT_UNKNOWN (what is not of xend), SPEC_INVALID (a bad or missing
// value). The message has the first fault; BadRequest field violations, "line L column C" each, have up to 20.
//
// `warnings`, when given, receives what was accepted without effect: what xend says of a running domain, settings that
// the model does not have, and settings that are not known. Without it the last are refused; unknown devices always
// are.
//
// `id`, when given, receives the domid of a domain that runs; its interfaces then have the names that they have on the
// host ("vif6.0"): for conversions, not for definitions.
absl::StatusOr<v1::Domain> ParseXenSxpr(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                        std::optional<int64_t>* id = nullptr);

// Writes a domain as "(vm ...)". It must have passed CheckDomainSpec. Sizes of memory are rounded up to MiB.
// SPEC_UNSUPPORTED, with a field violation for each fault, when the domain has what would not be read again as it is.
absl::StatusOr<std::string> WriteXenSxpr(const v1::Domain& domain);

}  // namespace reeve::formats
