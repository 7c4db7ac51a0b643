// Bounds that hold for every field of a specification, whatever it is. Only for formats/domain_spec_check.cc.
#pragma once

#include <vector>

#include "formats/spec_faults.h"

namespace reeve::formats {

// Adds a fault for each text that is longer than 64 KiB or has a control character other than line ends and tabs, each
// list of more than 16384 entries, and each number of an enumeration that stands for nothing. A field that has a fault
// already gets no second one. For specifications that come typed: in a document the reader sees to it.
void AddBoundFaults(const v1::DomainSpec& spec, std::vector<SpecFault>* faults);

}  // namespace reeve::formats
