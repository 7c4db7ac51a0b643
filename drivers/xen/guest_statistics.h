// What guests use.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::xen {

// As GuestAccess::SampleMany, with one call of the hypervisor for all.
std::vector<absl::StatusOr<v1::DomainStatistics>> SampleGuests(const DriverContext& context,
                                                               const std::vector<drivers::DomainKey>& domains,
                                                               drivers::StatisticsParts parts);

// As GuestAccess::ReadTuning.
absl::Status ReadGuestTuning(const DriverContext& context, const drivers::DomainKey& domain, v1::DomainTuning* tuning);

// As GuestAccess::ListVcpus.
absl::StatusOr<v1::ListVcpusResponse> ListGuestVcpus(const DriverContext& context, const drivers::DomainKey& domain);

}  // namespace reeve::xen
