// The source's way to the destination of a migration.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/migration_service.pb.h"

namespace reeve::migration {

// One stream of ReceiveDomain. Send and Receive may be called from two threads; Close from any.
class Link {
 public:
  virtual ~Link() = default;
  // Waits while the destination does not take more; asks `cancelled` on the way (CANCELLED). An error: nothing more can be
  // sent.
  virtual absl::Status Send(const v1::MigrationMessage& message, const std::function<bool()>& cancelled) = 0;
  // The next answer; asks `cancelled` on the way (CANCELLED). An error: none will come, with the destination's reason where
  // it gave one.
  virtual absl::StatusOr<v1::MigrationAnswer> Receive(const std::function<bool()>& cancelled) = 0;
  // Ends the stream; the other two return.
  virtual void Close() = 0;
};

// The daemon that the guest is to come to, for one ticket.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual absl::StatusOr<std::unique_ptr<Link>> Connect() = 0;
  // SettleMigration, by a connection of its own. An error: nobody knows.
  virtual absl::StatusOr<v1::MigrationOutcome> Settle() = 0;
};

}  // namespace reeve::migration
