// The source's half of a migration.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/migration/link.h"
#include "drivers/guest_images.h"
#include "reeve/v1/migration_service.pb.h"

namespace reeve::migration {

// Who has the guest when it is over.
enum class Holder {
  kDestination,  // and it is gone here
  kSource,       // it runs on here
  kUnknown,      // the destination may; it stands still here (GuestImages::KeepStill)
};

struct OutgoingResult {
  Holder holder = Holder::kSource;
  absl::Status status;  // OK for kDestination only
};

struct OutgoingOptions {
  v1::MigrationStart start;
  bool live = false;
  // How often, and how far apart, the destination is asked what became of the guest, when that is not known. Whoever gets
  // kUnknown asks on.
  int settle_attempts = 4;
  absl::Duration first_delay = absl::Milliseconds(250);  // doubled from one to the next
  std::function<void(absl::Duration)> wait;
  // How long the destination may take to make the guest of its memory, and to take it over; then it counts as one that does
  // not answer.
  absl::Duration answer_time = absl::Minutes(2);
  // Called when the guest stands still and the destination has all of it, right before only the destination can say whose
  // it is: what must be known to ask it, also by the next daemon, is to be stored now. An error: the guest runs on here.
  std::function<absl::Status()> before_hand_over;
};

// Brings a guest to the destination. It runs here when this begins; `progress` can cancel it until the guest is handed
// over. Blocks; in the domain's queue.
OutgoingResult SendGuest(drivers::GuestImages& driver, const drivers::DomainKey& domain, Destination& destination,
                         const OutgoingOptions& options, drivers::Progress* progress);

}  // namespace reeve::migration
