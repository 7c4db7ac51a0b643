// The connections there are: who is behind the "fd:N" by which gRPC names a transport.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/connections/connection.h"
#include "util/clock.h"
#include "util/fd.h"

namespace reeve::connections {

// The table is the only place where a transport becomes somebody: a call whose peer is not in it is nobody's. An entry
// is made before the descriptor is handed to gRPC and taken out when the watch descriptor, a duplicate of the socket,
// reports the hang-up. Thread-safe. Listeners outlive nothing: the table keeps them and calls them without holding its
// lock.
class Table {
 public:
  using OpenListener = std::function<void(const std::shared_ptr<Connection>&)>;
  using CloseListener = std::function<void(const Connection&)>;

  explicit Table(const util::Clock* clock) : clock_(clock) {}

  // Enters a connection under `descriptor` (the N that gRPC will own) with `watch`, a duplicate of it. ALREADY_EXISTS
  // when the number is in the table.
  absl::StatusOr<std::shared_ptr<Connection>> Add(int descriptor, util::UniqueFd watch, Peer peer, bool read_only);
  // Takes a connection out, closes its watch descriptor and calls the listeners on this thread. False: it was not
  // there.
  bool Remove(uint64_t number);

  // The connection behind a gRPC peer name, "fd:N"; null when there is none or it has been closed.
  std::shared_ptr<Connection> FindByPeer(absl::string_view peer) const;
  // Ordered by number; without closed ones.
  std::vector<std::shared_ptr<const Connection>> List() const;
  bool HasDescriptor(int descriptor) const;
  size_t size() const;
  // How many there are that count as this one (CountedAs).
  size_t CountOfIdentity(absl::string_view identity) const;

  // Throws a client out: from now on it is nobody's, its calls are cancelled, and it leaves the table as soon as the
  // kernel reports the end. CLIENT_NOT_FOUND.
  absl::Status Disconnect(uint64_t number);
  // The same for all.
  void DisconnectAll();

  // `listener` is told of every connection before it can make a call. Register before the first connection.
  void AddOpenListener(OpenListener listener);
  // `listener` is told of every connection that ends, once each. Register before the first connection.
  void AddCloseListener(CloseListener listener);
  // Calls `action` once when that connection ends; false (and `action` is dropped) when it has ended already. What
  // hangs on a connection, such as domains that shall be destroyed with it, hooks in here.
  bool OnClose(uint64_t number, std::function<void()> action);

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    int descriptor = -1;
    util::UniqueFd watch;
    std::vector<std::function<void()>> on_close;
  };

  static void Shutdown(Entry* entry);

  const util::Clock* const clock_;
  mutable absl::Mutex mutex_;
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Connection>> by_descriptor_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, size_t, std::less<>> by_identity_ ABSL_GUARDED_BY(mutex_);
  std::vector<OpenListener> open_listeners_ ABSL_GUARDED_BY(mutex_);
  std::vector<CloseListener> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::connections
