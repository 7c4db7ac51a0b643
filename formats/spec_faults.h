// The faults of a domain's specification as a list, for those who tell of them in another form than CheckDomainSpec.
#pragma once

#include <string>
#include <vector>

#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

struct SpecFault {
  std::string field;  // "spec.devices.filesystems[1].source"
  std::string cause;  // "is not an absolute path"
};

// The faults, at most kMaxSpecFaults. Pure function, thread-safe.
inline constexpr size_t kMaxSpecFaults = 20;
std::vector<SpecFault> FindSpecFaults(const v1::DomainSpec& spec);

}  // namespace reeve::formats
