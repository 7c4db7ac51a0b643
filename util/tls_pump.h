// Joins a TLS connection and a plain socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/openssl.h"

namespace reeve::util {

// Memory that the pumps of one thread share: an idle connection has no buffer of its own.
struct TlsScratch {
  static constexpr size_t kBytes = 64 << 10;
  TlsScratch() : bytes(kBytes) {}
  std::vector<char> bytes;
};

// Moves bytes both ways between a TLS connection whose handshake is done and one end of a socketpair. Never blocks, and
// holds at most one scratch of bytes for each way: what one side does not take is not read from the other. Call Move
// whenever one of the two descriptors has become readable or writable, edges are enough. Watch the plain one for
// writing only while plain_blocked(): each byte that its reader takes from a socketpair makes an edge, and so wakes for
// nothing. Not thread-safe.
class TlsPump {
 public:
  enum class State {
    kWaiting,  // nothing can be moved now
    kMore,     // the budget is spent: call again, after the others
    kEnded,    // both ways are closed
  };

  // Both descriptors are non-blocking; `ssl` works on `network`.
  TlsPump(UniqueSsl ssl, UniqueFd network, UniqueFd plain);
  TlsPump(const TlsPump&) = delete;
  TlsPump& operator=(const TlsPump&) = delete;

  // Moves what can be moved, at most about `budget` bytes each way.
  State Move(TlsScratch* scratch, size_t budget = 256 << 10);

  int network_fd() const { return network_.get(); }
  int plain_fd() const { return plain_.get(); }
  // The plain side takes no more: Move must be called when it is writable again.
  bool plain_blocked() const { return !incoming_.empty(); }
  // Why it ended otherwise than by a clean close of one side: an alert of the peer or a transport error; "" if not.
  const std::string& error() const { return error_; }
  // The network side of a pump that has ended, to wait for the peer's close; the pump is of no use any more.
  UniqueFd TakeNetwork() { return std::move(network_); }

 private:
  // Each returns false when its way is blocked or closed, true when the budget is spent.
  bool MoveIn(TlsScratch* scratch, size_t budget);
  bool MoveOut(TlsScratch* scratch, size_t budget);
  // False: blocked or broken; what is left is in outgoing_.
  bool Encrypt(const char* data, size_t size);
  bool Deliver(const char* data, size_t size);
  void Fail(int error);
  void CloseIn();
  void CloseOut();

  UniqueSsl ssl_;
  UniqueFd network_;
  UniqueFd plain_;
  std::string incoming_;  // decrypted, not yet taken by the plain side
  std::string outgoing_;  // not yet encrypted
  bool in_open_ = true;   // network to plain
  bool out_open_ = true;  // plain to network
  std::string error_;
};

}  // namespace reeve::util
