// What is asked of guests that move between hosts.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/migration/incoming.h"
#include "daemon/state/caller.h"
#include "reeve/v1/migration_service.pb.h"

namespace reeve::state {

// By the rules of Manager.
class MigrationManager {
 public:
  virtual ~MigrationManager() = default;

  // At the destination.
  virtual absl::StatusOr<v1::MigrationTicket> PrepareMigration(const Caller& caller,
                                                               const v1::PrepareMigrationRequest& request) = 0;
  // At the source.
  virtual void MigrateDomain(const Caller& caller, v1::MigrateDomainRequest request, Done<v1::Operation> done) = 0;
  // At the destination, on behalf of who got the ticket: begins the job, and gives what the stream is to feed.
  virtual absl::StatusOr<std::shared_ptr<migration::Incoming>> ReceiveDomain(const v1::MigrationStart& start,
                                                                             migration::Incoming::Replies replies) = 0;
  // Waits for what is being decided, at most a minute.
  virtual absl::StatusOr<v1::MigrationOutcome> SettleMigration(const v1::SettleMigrationRequest& request) = 0;
};

}  // namespace reeve::state
