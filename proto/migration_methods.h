// The methods of migrations; beside methods.h, since few need them.
#pragma once

#include "proto/methods.h"
#include "reeve/v1/migration_service.pb.h"

namespace reeve::methods {

inline constexpr UnaryMethod<v1::PrepareMigrationRequest, v1::MigrationTicket> kPrepareMigration{
    "/reeve.v1.MigrationService/PrepareMigration"};
inline constexpr UnaryMethod<v1::MigrateDomainRequest, v1::Operation> kMigrateDomain{
    "/reeve.v1.MigrationService/MigrateDomain"};
inline constexpr BidirectionalMethod<v1::MigrationMessage, v1::MigrationAnswer> kReceiveDomain{
    "/reeve.v1.MigrationService/ReceiveDomain"};
inline constexpr UnaryMethod<v1::SettleMigrationRequest, v1::MigrationOutcome> kSettleMigration{
    "/reeve.v1.MigrationService/SettleMigration"};

}  // namespace reeve::methods
