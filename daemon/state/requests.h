// Request ids: the same id with the same request gives the same answer.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/state/store.h"
#include "google/protobuf/message.h"
#include "util/clock.h"

namespace reeve::state {

// Makes the record of a call, without response. REQUEST_INVALID for an id over 64 bytes or not of printable ASCII.
absl::StatusOr<RequestRecord> MakeRequest(absl::string_view caller, absl::string_view method, absl::string_view id,
                                          const google::protobuf::Message& request);

// Calls with a request_id that are being done, and the stored answers of those that were done. Thread-safe.
class RequestTable {
 public:
  // Takes a serialized response or an error.
  using Waiter = std::function<void(const absl::StatusOr<std::string>&)>;

  RequestTable(Store* store, const util::Clock* clock, absl::Duration age) : store_(store), clock_(clock), age_(age) {}

  // True: the caller does the call and then calls End. False: `waiter` has been or will be given its answer.
  // REQUEST_ID_REUSED.
  absl::StatusOr<bool> Begin(const RequestRecord& request, Waiter waiter);
  // The call has ended; what waits for it gets the same. An answer must have been stored before.
  void End(const RequestRecord& request, const absl::StatusOr<std::string>& response);

 private:
  using Key = std::pair<std::string, std::string>;  // caller, id
  struct Call {
    std::string method;
    std::string digest;
    std::vector<Waiter> waiters;
  };

  Store* const store_;
  const util::Clock* const clock_;
  const absl::Duration age_;
  std::mutex mutex_;
  absl::flat_hash_map<Key, Call> calls_;
};

}  // namespace reeve::state
