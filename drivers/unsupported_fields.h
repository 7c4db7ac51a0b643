// Finds what a driver does not look at.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::drivers {

// Paths of all fields that are set and that are not in `supported` ("devices.interfaces[0].bandwidth"), at most `limit`.
// What a driver does not look at must be refused: a guest that runs without what its definition asks for is a fault
// that nobody sees. `supported` has "Message.field" texts, sorted; a field that the model gains later is refused until it
// is there. What libvirt writes into every definition and asks for nothing (static placement, seclabel "none") passes.
// Pure.
std::vector<std::string> UnsupportedFields(const v1::DomainSpec& spec, absl::Span<const absl::string_view> supported,
                                           size_t limit = 20);

}  // namespace reeve::drivers
