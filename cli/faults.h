// How the faults of a document are told. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "formats/faults.h"

namespace reeve::cli {

using formats::Fault;

// "web1.xml:3:7: text", or "web1.xml: text" without a place; escaped.
std::string FaultLine(absl::string_view file, const Fault& fault);

// {"line":3,"column":7,"text":"..."}; line and column only where there is a place.
std::string FaultToJson(const Fault& fault);

// [{...},{...}].
std::string FaultsToJson(const std::vector<Fault>& faults);

}  // namespace reeve::cli
