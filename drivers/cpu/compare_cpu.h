// Whether a host's processor has what a description asks for. Pure function, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/host_capabilities.pb.h"
#include "reeve/v1/hypervisor_service.pb.h"

namespace reeve::cpu {

// As libvirt's virConnectCompareCPU judges it:
// - The host must be of the vendor and the architecture that are named (`architecture` empty: of any).
// - It must have the features of the model and those with the policy "require" (the default, so all of a host's
//   <capabilities>), save those that are also named with "optional", "disable" or "force"; and none with "forbid".
// - With match "strict" it must have no further one.
// A description without a model (modes "host-passthrough", "host-model", "maximum") asks for the features it names.
// `host` is HostAccess::Processor's. SPEC_INVALID: ReadWishes. UNSUPPORTED_BY_DRIVER: the host is no x86.
absl::StatusOr<v1::CpuComparison> CompareCpu(const v1::HostCpu& host, const v1::Cpu& cpu,
                                             absl::string_view architecture = "");

}  // namespace reeve::cpu
