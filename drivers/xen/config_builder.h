// What a specification means to libxenlight.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/domain_config.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

struct ConfigOptions {
  // Whether DisplayPorts has chosen the ports that the specification leaves open; else they are counted from 5900, to
  // see whether the rest can be made.
  bool ports_are_chosen = false;
  // Whether a device model of the host that the specification names is believed to be there; false in tests without
  // such files.
  bool check_emulator = true;
};

// The configuration with which libxenlight makes the domain. Pure but for the look whether an emulator is executable.
// Thread-safe. SPEC_UNSUPPORTED or SPEC_INVALID with a violation for every field that Xen cannot give, and for every
// field that is set and not looked at: nothing is left out in silence.
absl::StatusOr<DomainConfig> BuildDomainConfig(std::shared_ptr<const LibxlLibrary> library,
                                               const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                               const ConfigOptions& options = {});

// The cap of Xen's credit schedulers, percent of one CPU, that a quota is; 0: none.
int CapOf(const v1::CpuTuning& tuning);

}  // namespace reeve::xen
