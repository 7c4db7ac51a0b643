// The thread that lets clients in and sees them go.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/connections/listener.h"
#include "daemon/connections/peer.h"
#include "daemon/connections/refusals.h"
#include "daemon/connections/table.h"
#include "util/clock.h"
#include "util/fd.h"

namespace reeve::connections {

// How many clients.
struct ClientLimits {
  // All together, 1 to 100000. Lowered at start to what the limit of open files allows (two descriptors a client). The
  // last 16 places are kept for root, so that an administrator can always look (half of them all when there are few).
  uint32_t max_clients = 5000;
  // Of one user other than root.
  uint32_t max_clients_per_user = 200;
};

// One thread with one epoll instance: it accepts, asks the kernel who is there, enters the connection in the table, and
// only then hands the descriptor over; and it takes every connection out of the table as soon as its watch descriptor
// reports the end. Clients over a limit are accepted and closed at once, with a line in the log a second at most.
// Thread-safe; table, clock and hand-over outlive it.
class Acceptor {
 public:
  // Gives a connected, non-blocking descriptor, which is in the table under its own number, to the server, which owns
  // it from then on. May be called by several threads at once.
  using HandOver = std::function<void(int descriptor, const Connection& connection)>;

  struct Options {
    ClientLimits limits;
    const util::Clock* clock = nullptr;  // null: the real one
    PeerReader::Options peers;
  };

  // Starts the thread. Needs at least one listener.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Start(std::vector<Listener> listeners, Table* table,
                                                         HandOver hand_over, const Options& options);
  // Ends the thread. Connections stay as they are, but nobody sees them end any more: shut the server down first.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Lets in a client that came by other ways than the listeners, with `socket` as its plain end. Here it counts against
  // the same limits, those of one user by its identity. RESOURCE_EXHAUSTED when there are too many; errno's errors.
  absl::Status Admit(util::UniqueFd socket, Peer peer, bool read_only);
  // Whether Admit would let in anybody at all.
  bool HasRoom() const { return table_->size() < max_clients_; }

  // Closes the listeners (and removes their paths) and lets nobody in any more; hang-ups are still seen. Returns when
  // it is done.
  void StopListening();

  // Other limits for those who come from now on; who is in stays. max_clients is lowered as at the start, and to half
  // of the descriptor numbers set apart then.
  void SetLimits(const ClientLimits& limits);
  // After the limit of open files has been taken into account.
  uint32_t max_clients() const { return max_clients_; }
  // Clients turned away since the start.
  uint64_t refused() const { return refusals_.total(); }

 private:
  Acceptor(std::vector<Listener> listeners, Table* table, HandOver hand_over, const Options& options);

  void Run();
  void AcceptSome(const Listener& listener);
  void AdmitLocal(util::UniqueFd socket, const Listener& listener);
  absl::Status CheckLimits(const Peer& peer) const;
  void HandleNoDescriptors(const Listener& listener, int error);
  absl::StatusOr<util::UniqueFd> Duplicate(int socket) ABSL_EXCLUSIVE_LOCKS_REQUIRED(entering_);
  void CloseListeners();
  void Pause();
  void Resume();

  std::vector<Listener> listeners_;  // changed by the thread only, once it runs
  Table* const table_;
  const HandOver hand_over_;
  std::atomic<uint32_t> max_clients_;
  std::atomic<uint32_t> max_clients_per_user_;
  uint32_t places_ = 0;  // for clients, by the limit of open files
  const util::Clock* const clock_;
  PeerReader peers_;
  Refusals refusals_;
  util::UniqueFd epoll_;
  util::UniqueFd wake_;     // eventfd(2)
  util::UniqueFd reserve_;  // given up for a moment when there is no descriptor left
  absl::Mutex entering_;    // from a fresh number to its entry in the table
  int next_descriptor_ ABSL_GUARDED_BY(entering_) = 0;
  int descriptor_end_ = 0;
  absl::Duration paused_until_ = absl::ZeroDuration();  // on the monotonic clock; zero: not paused
  std::atomic<bool> stop_listening_{false};
  std::atomic<bool> stop_{false};
  absl::Mutex mutex_;
  bool listening_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace reeve::connections
