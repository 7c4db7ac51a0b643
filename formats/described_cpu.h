// A processor that a document describes.
#pragma once

#include <string>

#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

struct DescribedCpu {
  v1::Cpu cpu;
  // "x86_64", of a host's description; empty: a guest's, which does not tell.
  std::string architecture;
};

}  // namespace reeve::formats
