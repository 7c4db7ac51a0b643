// Makes a change happen: store, registry and watchers agree on it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/state/registry.h"
#include "daemon/state/store.h"
#include "daemon/state/watch_hub.h"
#include "reeve/store/v1/record.pb.h"
#include "reeve/v1/event.pb.h"
#include "util/clock.h"

namespace reeve::state {

// One change of one domain.
struct Change {
  store::v1::DomainRecord record;  // as it is to be; for a removal as it shall stand in the event
  bool remove = false;
  // For a domain that gets another name: the resource name that it has until now. Watchers are told of two events then,
  // of which `event` is the second.
  std::string renamed_from = {};
  v1::Event event;  // without `domain`; `time` is the present when it is not set
};

// Thread-safe. Changes of one domain must be made one at a time; others may come side by side and are put in order
// here.
class Ledger {
 public:
  // `instance` tells this database from others: etags carry it.
  Ledger(Store* store, Registry* registry, WatchHub* hub, const util::Clock* clock, std::string instance)
      : store_(store), registry_(registry), hub_(hub), clock_(clock), instance_(std::move(instance)) {}

  // Stores the change under the next revision, publishes it, and gives the domain as it is then (for a removal: as in
  // the event), in view FULL, without secrets. `request`, when given, is stored with it; its response becomes the
  // domain unless `empty_response`. After an error nothing is changed: STORE_FAILED, or DOMAIN_EXISTS where another
  // domain has got the name meanwhile.
  absl::StatusOr<v1::Domain> Commit(const Change& change, RequestRecord* request = nullptr,
                                    bool empty_response = false);

 private:
  Store* const store_;
  Registry* const registry_;
  WatchHub* const hub_;
  const util::Clock* const clock_;
  const std::string instance_;
  std::mutex mutex_;
};

}  // namespace reeve::state
