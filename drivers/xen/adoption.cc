#include "drivers/xen/adoption.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "drivers/xen/foreign_spec.h"
#include "drivers/xen/guest_note.h"
#include "util/log.h"

namespace reeve::xen {

absl::StatusOr<Guest> ReadGuest(const DriverContext& context, const GuestFacts& facts) {
  const Toolstack& toolstack = context.toolstack();
  absl::StatusOr<std::string> name = toolstack.NameOf(facts.domid);
  if (!name.ok()) return name.status();
  Guest guest{.key = {.name = *name, .uid = facts.uuid},
              .spec = {},
              .domid = facts.domid,
              .paused = facts.paused,
              .foreign = true,
              .start_time = absl::Now(),
              .reboot_asked = false,
              .console = std::make_shared<PtyConsole>()};
  if (std::optional<GuestNote> note = ReadNote(toolstack, facts.domid); note.has_value()) {
    guest.key.run = note->run;
    guest.spec = std::move(note->spec);
    guest.foreign = false;
    return guest;
  }
  if (facts.domid != 0) {
    absl::StatusOr<DomainConfig> config = toolstack.ConfigOf(facts.domid);
    // Its toolstack writes the configuration last and lets it run then.
    if (!config.ok() && facts.paused) return absl::UnavailableError("the domain is being made");
    if (config.ok()) guest.spec = SpecOfConfig(*config->get());
  }
  if (guest.spec.memory_kib() == 0) guest.spec.set_memory_kib(std::max(facts.memory_kib, facts.maximum_memory_kib));
  if (guest.spec.vcpus() == 0) guest.spec.set_vcpus(std::max<uint32_t>(facts.vcpus_online, 1));
  if (guest.spec.os().type().empty()) guest.spec.mutable_os()->set_type("linux");
  return guest;
}

void AdoptGuest(DriverContext& context, GuestClaim& claim, Guest guest) {
  if (guest.domid != 0) {
    if (absl::Status status = context.toolstack().Watch(guest.domid); !status.ok()) {
      util::LogError("watch ", guest.key.name, ": ", status.message());
    }
  }
  claim.Put(std::move(guest));
}

}  // namespace reeve::xen
