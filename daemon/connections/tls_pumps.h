// The thread that moves the bytes of established TLS connections.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/connections/eager_wait.h"
#include "util/fd.h"
#include "util/tls_pump.h"

namespace reeve::connections {

// One thread with one epoll instance. Handshakes are done elsewhere (tls_handshakes.h): they cost a thousand times what
// a message costs, and must not stand in its way. Thread-safe.
class TlsPumps {
 public:
  // Called with the network side of a connection that has ended: the peer shall see what was sent last before it sees
  // the end.
  using Ended = std::function<void(util::UniqueFd network)>;

  static absl::StatusOr<std::unique_ptr<TlsPumps>> Start(Ended ended);
  // Cuts what is left.
  ~TlsPumps();
  TlsPumps(const TlsPumps&) = delete;
  TlsPumps& operator=(const TlsPumps&) = delete;

  // Takes a connection whose handshake is done. `name` is for the log.
  void Add(std::unique_ptr<util::TlsPump> pump, std::string name);
  // Waits until every connection has ended, at most so long; whoever ends the plain sides calls it so that the last
  // answers get out.
  void AwaitEmpty(absl::Duration timeout);

 private:
  struct Entry {
    std::unique_ptr<util::TlsPump> pump;
    std::string name;
    bool queued = false;         // in ready_
    bool plain_watched = false;  // for writing
  };

  using Entries = std::unordered_map<uint64_t, Entry>;

  explicit TlsPumps(Ended ended) : ended_(std::move(ended)) {}
  void Run();
  void TakeNew();
  // What epoll(7) tells of one side of a connection.
  void OnEvent(uint64_t watched, uint32_t events);
  // Of a connection that is new, or had more to move than its budget.
  void Continue(uint64_t key);
  void Settle(Entries::iterator found, util::TlsPump::State state);
  void WatchPlain(uint64_t key, Entry* entry);

  const Ended ended_;
  util::UniqueFd epoll_;
  util::UniqueFd wake_;  // eventfd(2)
  // Of the thread only.
  Entries entries_;
  std::vector<uint64_t> ready_;  // with more to move than their budget
  util::TlsScratch scratch_;
  EagerWait wait_;
  uint64_t last_key_ = 0;

  absl::Mutex mutex_;
  std::vector<Entry> added_ ABSL_GUARDED_BY(mutex_);
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;  // of all, also those that are not taken yet
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace reeve::connections
