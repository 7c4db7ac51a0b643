// The note that a guest of ours carries, by which a later daemon knows it again.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/xen/toolstack.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

struct GuestNote {
  uint64_t run = 0;  // DomainKey.run of the start that made it
  v1::DomainSpec spec;
};

// Keeps it with the domain, in place of an older one.
absl::Status WriteNote(Toolstack& toolstack, uint32_t domid, const drivers::DomainKey& key, const v1::DomainSpec& spec);
// Nothing for a domain that has none, or one that cannot be read: another toolstack made it.
std::optional<GuestNote> ReadNote(const Toolstack& toolstack, uint32_t domid);

}  // namespace reeve::xen
