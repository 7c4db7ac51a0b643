// Which fields of a specification the LXC driver looks at.
#pragma once

#include <string>
#include <vector>

#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Paths of all fields that are set and that the driver has no use for ("devices.interfaces[0].bandwidth"), at most
// `limit`. What it does not look at must be refused: a guest that runs without what its definition asks for is a fault
// that nobody sees. Pure.
std::vector<std::string> UnsupportedFields(const v1::DomainSpec& spec, size_t limit = 20);

}  // namespace reeve::lxc
