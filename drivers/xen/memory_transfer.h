// The memory of guests, out into a descriptor and in from one; and their sleep, which ends in the same way as the former.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"

namespace reeve::xen {

// As those of drivers::GuestImages.
absl::Status SendMemory(DriverContext& context, const drivers::DomainKey& domain, int descriptor, bool live,
                        drivers::Progress* progress);
absl::Status EndSending(DriverContext& context, const drivers::DomainKey& domain, bool gone);
absl::Status KeepStill(DriverContext& context, const drivers::DomainKey& domain);
absl::StatusOr<drivers::RunningGuest> StartFromMemory(DriverContext& context, const drivers::DomainKey& domain,
                                                      const v1::DomainSpec& spec, int descriptor);
// The part of Confirm that is not Resume.
absl::Status KeepStarted(DriverContext& context, const drivers::DomainKey& domain);
absl::Status DumpGuestCore(DriverContext& context, const drivers::DomainKey& domain, int descriptor, bool live);
absl::Status PutToSleep(DriverContext& context, const drivers::DomainKey& domain, v1::SleepTarget target);
absl::Status WakeUp(DriverContext& context, const drivers::DomainKey& domain);

}  // namespace reeve::xen
