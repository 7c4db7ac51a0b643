// Whether a specification that came typed is one that a document could have said. Pure function, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Writes the specification as XML and reads that again: so it keeps to all that the reader of documents checks, words,
// numbers and what goes with what, and can be exported. SPEC_INVALID; each field violation names the element. The
// specification has passed CheckDomainSpec.
absl::Status CheckAsDocument(const v1::DomainSpec& spec);

}  // namespace reeve::formats
