// One form of specifications that mean the same to Xen, so that they can be compared. Pure, thread-safe.
#pragma once

#include "formats/xen_config_reader.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Fills in what is left open and has a default (AddXenDefaults and the rest), gives what has two forms the one that a
// configuration is read into, and orders what has no order. The meaning stays; done twice it is as done once.
void MakeXenCanonical(XenDialect dialect, v1::DomainSpec* spec);

}  // namespace reeve::formats
