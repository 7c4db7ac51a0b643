// Migrations that tests hold in their hands.
#pragma once

#include <memory>
#include <utility>

#include "daemon/state/migration_manager.h"
#include "proto/status.h"

namespace reeve::services::testing {

// Answers at once.
class FakeMigrations final : public state::MigrationManager {
 public:
  absl::StatusOr<v1::MigrationTicket> PrepareMigration(const state::Caller& caller,
                                                       const v1::PrepareMigrationRequest& request) override {
    (void)caller.access->Decide(request.name());
    return v1::MigrationTicket();
  }
  void MigrateDomain(const state::Caller& caller, v1::MigrateDomainRequest request,
                     state::Done<v1::Operation> done) override {
    (void)caller.access->Decide(request.name());
    done(v1::Operation());
  }
  // The ticket "good" is good.
  absl::StatusOr<std::shared_ptr<migration::Incoming>> ReceiveDomain(const v1::MigrationStart& start,
                                                                     migration::Incoming::Replies replies) override {
    if (start.ticket_id() != "good") return Error(v1::REASON_TOKEN_REFUSED, "the ticket is not good");
    absl::StatusOr<std::shared_ptr<migration::Incoming>> made = migration::Incoming::Create(std::move(replies));
    if (made.ok()) incoming = *made;
    return made;
  }
  absl::StatusOr<v1::MigrationOutcome> SettleMigration(const v1::SettleMigrationRequest&) override {
    return v1::MigrationOutcome();
  }
  std::shared_ptr<migration::Incoming> incoming;
};

}  // namespace reeve::services::testing
