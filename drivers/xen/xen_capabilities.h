// What the hypervisor of this host can run, as libvirt's documents tell it. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "drivers/xen/toolstack.h"
#include "reeve/v1/hypervisor_service.pb.h"

namespace reeve::xen {

// A <capabilities> document: the processor by the name of a model, PV always, HVM and PVH where the processor can.
std::string CapabilitiesXml(const HostFacts& host);

// A <domainCapabilities> document for a machine ("xenpv", "xenfv", "xenpvh"; empty: "xenpv"). UNSUPPORTED_BY_DRIVER for
// one that this host has not, another architecture or another type of domain than "xen".
absl::StatusOr<std::string> DomainCapabilitiesXml(const HostFacts& host,
                                                  const v1::GetDomainCapabilitiesRequest& request);

}  // namespace reeve::xen
