// The thread that lets TLS clients in.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/connections/refusals.h"
#include "daemon/connections/tcp_listener.h"
#include "daemon/connections/tls_files.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/openssl.h"

namespace reeve::connections {

struct HandshakeLimits {
  // Handshakes at the same time. Beyond it clients wait in the kernel's queue, and whoever has been silent for a second
  // in a handshake makes room for them, the oldest first.
  uint32_t handshakes = 256;
  // From the connection to the end of the handshake.
  absl::Duration time = absl::Seconds(10);
};

// One thread with one epoll instance, which yields the processor to the rest of the daemon: it accepts, does
// handshakes, and gives away what is established. Refused clients get their alert, a line in the log, and a moment to
// read the alert. It also looks after the files. Thread-safe.
class TlsHandshakes {
 public:
  // A client whose handshake is done and whom no rule refuses.
  struct Client {
    util::UniqueSsl ssl;
    util::UniqueFd socket;
    std::string address;
  };
  struct Options {
    HandshakeLimits limits;
    // Whether there is room for another client at all; asked before a handshake begins. Must not block.
    std::function<bool()> room;
    // Takes a client over. Must not block.
    std::function<void(Client client)> established;
    // New files are in use.
    std::function<void(const TlsContext& context)> changed;
    const util::Clock* clock = nullptr;  // null: the real one
  };

  // `files` outlives it. Nothing happens before Start.
  static absl::StatusOr<std::unique_ptr<TlsHandshakes>> Create(std::vector<TcpListener> listeners, TlsFiles* files,
                                                               Options options);
  void Start();
  // Cuts the handshakes there are.
  ~TlsHandshakes();
  TlsHandshakes(const TlsHandshakes&) = delete;
  TlsHandshakes& operator=(const TlsHandshakes&) = delete;

  // Closes the listeners and drops the handshakes there are. Returns when it is done.
  void StopListening();
  void SetLimits(const HandshakeLimits& limits);
  // Whether a client without a certificate may come in, for those who come from now on.
  void RequireCertificate(bool required) { certificate_required_ = required; }
  // Waits a moment for the other side to close, and closes; what was sent on `socket` could be lost otherwise.
  void Linger(util::UniqueFd socket);
  // A line in the log about a client that was refused, not more than a burst of them a second.
  void LogRefusal(absl::string_view address, absl::string_view subject, absl::string_view rule);

 private:
  // A connection in its handshake, or one that lingers (without ssl).
  struct Entry {
    uint64_t key = 0;
    util::UniqueFd socket;
    util::UniqueSsl ssl;
    std::shared_ptr<const TlsContext> context;
    TlsVerdict verdict;
    std::string address;
    absl::Duration begun;
    absl::Duration deadline;
    size_t discarded = 0;  // bytes, while it lingers
  };

  TlsHandshakes(std::vector<TcpListener> listeners, TlsFiles* files, Options options);

  void Run();
  absl::Duration NextTime() const;
  void KeepTime();
  void AcceptSome(TcpListener& listener);
  void Begin(util::UniqueFd socket, std::string address);
  bool MakeRoom();
  void Step(uint64_t key);
  void Finish(Entry* entry);
  void Refuse(Entry* entry, int result);
  void StartLingering(Entry* entry);
  void Discard(Entry* entry);
  void Drop(uint64_t key);
  void Listen(bool wanted);
  void TakeLingering();
  void CloseListeners();

  std::vector<TcpListener> listeners_;  // changed by the thread only, once it runs
  TlsFiles* const files_;
  const Options options_;
  const util::Clock* const clock_;
  std::atomic<bool> certificate_required_{true};
  std::atomic<bool> stop_listening_{false};
  std::atomic<bool> stop_{false};
  util::UniqueFd epoll_;
  util::UniqueFd wake_;  // eventfd(2)

  // Of the thread only.
  std::map<uint64_t, std::unique_ptr<Entry>> entries_;  // by age
  std::set<std::pair<absl::Duration, uint64_t>> deadlines_;
  size_t handshakes_ = 0;  // of the entries
  uint64_t last_key_ = 0;
  bool listening_ = false;
  absl::Duration listen_again_ = absl::InfiniteDuration();
  absl::Duration reload_ = absl::InfiniteDuration();

  absl::Mutex mutex_;
  HandshakeLimits limits_ ABSL_GUARDED_BY(mutex_);
  std::vector<util::UniqueFd> lingering_ ABSL_GUARDED_BY(mutex_);  // to be taken by the thread
  bool listening_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  Refusals refusals_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace reeve::connections
