// UUIDs and names that are about to be taken: between the moment at which a change looks whether they are free and its
// commit.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"
#include "daemon/state/registry.h"

namespace reeve::state {

// Thread-safe. Outlives what it has given.
class Reservations {
 public:
  // Keeps a UUID and a name for a domain that is being made, or given this name; until it is destroyed, which is behind
  // the commit. Move-only.
  class Reservation {
   public:
    Reservation(Reservation&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), uid_(std::move(other.uid_)) {}
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

   private:
    friend class Reservations;
    Reservation(Reservations* owner, std::string uid) : owner_(owner), uid_(std::move(uid)) {}
    Reservations* owner_;
    std::string uid_;
  };

  // `registry` has what is committed, and outlives this.
  explicit Reservations(const Registry* registry) : registry_(registry) {}

  // UUID_IN_USE when another domain has it, or is being made with it; which one is told whom may know of it. The
  // domain `renamed_from` may. DOMAIN_EXISTS when another UUID has the name, or is about to.
  absl::StatusOr<Reservation> Reserve(const std::string& uid, const std::string& resource_name,
                                      const auth::Access& access, absl::string_view renamed_from = "");

 private:
  absl::Status CheckNameIsFree(const Snapshot& snapshot, const std::string& uid,
                               const std::string& resource_name) const;  // with mutex_ held

  const Registry* const registry_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, std::string> names_;  // by UUID
};

}  // namespace reeve::state
