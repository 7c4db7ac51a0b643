// How a guest is made.
#pragma once

#include <cstdint>
#include <shared_mutex>

#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/display_ports.h"
#include "drivers/xen/domain_config.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/guest_table.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// What a guest is made of: its specification with the ports of its displays, and the same for libxenlight. The ports
// are held until the guest has been made, and so are PCI functions of the host where it gets some.
struct PreparedGuest {
  v1::DomainSpec spec;
  DomainConfig config;
  HeldPorts ports;
  std::shared_lock<std::shared_mutex> host_devices;
};

absl::StatusOr<PreparedGuest> PrepareGuest(DriverContext& context, const drivers::DomainKey& key, v1::DomainSpec spec);

// Makes a guest of this specification, from its managed save where it has one (managed_save.h), and lets it run unless
// `paused`. The caller holds the claim of the domain, and puts the guest into it. After an error nothing of it is left.
absl::StatusOr<Guest> MakeGuest(DriverContext& context, const drivers::DomainKey& key, const v1::DomainSpec& spec,
                                bool paused);

// The rest of that for a domain that is there and paused.
absl::StatusOr<Guest> FinishGuest(DriverContext& context, const drivers::DomainKey& key, const v1::DomainSpec& spec,
                                  uint32_t domid, bool paused);

}  // namespace reeve::xen
