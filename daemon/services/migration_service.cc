#include "daemon/services/migration_service.h"

#include <utility>

#include "daemon/services/caller.h"
#include "daemon/services/incoming_stream.h"
#include "proto/migration_methods.h"

namespace reeve::services {

void RegisterMigrationService(Dispatcher* dispatcher, state::MigrationManager* manager, WorkerPool* workers) {
  dispatcher->Read(methods::kPrepareMigration, [manager](const Call& call, const v1::PrepareMigrationRequest& request,
                                                         v1::MigrationTicket* response) {
    absl::StatusOr<v1::MigrationTicket> ticket = manager->PrepareMigration(CallerOf(call), request);
    if (ticket.ok()) *response = *std::move(ticket);
    return ticket.status();
  });
  dispatcher->Later(methods::kMigrateDomain, [manager](CallPointer call, v1::MigrateDomainRequest request,
                                                       state::Done<v1::Operation> done) {
    manager->MigrateDomain(CallerOf(*call), std::move(request), std::move(done));
  });
  dispatcher->Bidirectional(methods::kReceiveDomain,
                            [manager, workers](CallPointer, std::shared_ptr<ServerStream> stream) {
                              return MakeIncomingStream(manager, workers, std::move(stream));
                            });
  dispatcher->Later(methods::kSettleMigration, [manager, workers](CallPointer, v1::SettleMigrationRequest request,
                                                                  state::Done<v1::MigrationOutcome> done) {
    workers->Post([manager, request = std::move(request), done = std::move(done)] {
      done(manager->SettleMigration(request));
    });
  });
}

}  // namespace reeve::services
