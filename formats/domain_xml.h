// libvirt's domain XML (https://libvirt.org/formatdomain.html), read into the model and written from it. What the model
// does not have is refused by name and place, never dropped in silence. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// Bounds of a document; beyond them it is DOCUMENT_MALFORMED.
inline constexpr size_t kMaxDomainXmlBytes = 1 << 20;
inline constexpr int kMaxDomainXmlDepth = 64;

struct DomainXmlOptions {
  // The id attribute of a domain that runs.
  std::optional<int64_t> id;
};

// Reads a document. The result has `name` ("hypervisors/{lxc|xen|test}/domains/NAME", by the type attribute), `uid`
// (lower case; empty when the document has no uuid), `spec`, and nothing else. The specification has passed
// CheckDomainSpec.
//
// Errors: DOCUMENT_MALFORMED (not well-formed XML, a document type, too large or too deep), DOCUMENT_UNKNOWN (an
// element, attribute or value that is not known or not modelled), SPEC_INVALID (a bad value, or one that is missing or
// there twice). The message has the first fault; BadRequest field violations, "line L column C" each, have up to 20.
//
// `warnings`, when given, receives what was accepted without effect: state of a running libvirt guest (id, aliases).
//
// `running`, when given, receives the id of a document that has one; what belongs to the running guest is then kept in
// the specification, and the same options write it back: for conversions, not for definitions.
absl::StatusOr<v1::Domain> ParseDomainXml(absl::string_view text, std::vector<Warning>* warnings = nullptr,
                                          DomainXmlOptions* running = nullptr,
                                          Strictness strictness = Strictness::kStrict);

// Writes a domain as `virsh dumpxml` does: order of elements, quotes, indentation, a final line end. What is left open
// in the specification is left out, save what libvirt always writes (memory, vcpu, clock, on_* with their defaults).
// The domain must have passed CheckDomainSpec.
std::string WriteDomainXml(const v1::Domain& domain, const DomainXmlOptions& options = {});

}  // namespace reeve::formats
