// Domains as configurations of xl (xl.cfg(5)) and of xm, converted as libvirt 9.0 does. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// The result has `name` ("hypervisors/xen/domains/NAME"), `uid` (empty when there is none) and `spec` with what libvirt
// adds (AddXenDefaults). Nothing that the text names is opened.
//
// Errors, with "line L column C": DOCUMENT_MALFORMED (not a configuration), DOCUMENT_UNKNOWN (a value that is not
// known), SPEC_INVALID (a bad value, or one that is missing), SPEC_UNSUPPORTED (what the model has no form for and the
// guest cannot do without). `warnings`, when given, receives what is ignored: settings and options without a form.
absl::StatusOr<v1::Domain> ReadXenXl(absl::string_view text, std::vector<Warning>* warnings = nullptr);
absl::StatusOr<v1::Domain> ReadXenXm(absl::string_view text, std::vector<Warning>* warnings = nullptr);

// The settings are in libvirt's order. Errors: SPEC_INVALID for a specification that CheckDomainSpec refuses, and
// SPEC_UNSUPPORTED for all that the format has no form for, field by field: what is written means the same when it is
// read again. Memory that is not a whole number of MiB is rounded up, as libvirt does.
absl::StatusOr<std::string> WriteXenXl(const v1::Domain& domain);
absl::StatusOr<std::string> WriteXenXm(const v1::Domain& domain);

}  // namespace reeve::formats
