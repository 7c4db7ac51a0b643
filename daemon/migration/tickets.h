// The tickets of guests that are to come in.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/access.h"
#include "daemon/migration/incoming.h"
#include "reeve/v1/migration_service.pb.h"
#include "util/clock.h"

namespace reeve::migration {

// What a ticket is good for, and on whose behalf.
struct TicketTerms {
  std::string hypervisor;
  std::string name;
  std::string uid;
  bool persistent = false;
  bool paused = false;
  std::string requestor;
  auth::Access::Pointer access;
  std::string digest;  // TicketDigest of the secret; filled in by Issue
};

// What may be stored of a secret. It has 256 random bits: it needs no salt, and cannot be guessed.
std::string TicketDigest(absl::string_view secret);
// TOKEN_REFUSED, for every cause alike.
absl::Status TicketRefused();

// In memory: they end with the daemon. Thread-safe.
class Tickets {
 public:
  static constexpr absl::Duration kLifetime = absl::Minutes(5);  // to be used
  static constexpr absl::Duration kMemory = absl::Hours(1);      // then, to be asked how it ended
  static constexpr size_t kMost = 100;                           // that were not used

  explicit Tickets(const util::Clock* clock) : clock_(*clock) {}

  // TOO_MANY_TOKENS.
  absl::StatusOr<v1::MigrationTicket> Issue(TicketTerms terms);
  // Uses it, once. TOKEN_REFUSED.
  absl::StatusOr<TicketTerms> Take(const std::string& id, const std::string& secret, std::shared_ptr<Incoming> incoming);
  // What it was used for; null when it was not: it cannot be used any more then. TOKEN_REFUSED.
  absl::StatusOr<std::shared_ptr<Incoming>> Find(const std::string& id, const std::string& secret);

 private:
  struct Ticket {
    std::string secret;
    TicketTerms terms;
    absl::Time expires;
    bool used = false;
    std::shared_ptr<Incoming> incoming;
  };
  void DropOld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Ticket* Match(const std::string& id, const std::string& secret) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const util::Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, Ticket> tickets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::migration
