// What a processor says of itself.
#pragma once

#include <string>

#include "drivers/cpu/cpu_features.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::cpu {

struct ProcessorFacts {
  std::string vendor;  // "Intel"; empty: not one that libvirt knows
  v1::CpuSignature signature;
  FeatureSet features;
};

// By the CPUID instruction, so without features that stand in model-specific registers; nothing where it is no x86.
// Thread-safe.
ProcessorFacts ReadCpuid();

// As HostAccess::Processor tells it.
v1::HostCpu ToHostCpu(const ProcessorFacts& facts);

}  // namespace reeve::cpu
