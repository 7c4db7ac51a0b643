// Joins a TLS connection and a plain socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "util/buffer_bio.h"
#include "util/fd.h"
#include "util/openssl.h"

namespace reeve::util {

// Memory that the pumps of one thread share: an idle connection has no buffer of its own.
struct TlsScratch {
  static constexpr size_t kBytes = 128 << 10;
  // Not zeroed: what is never used is never backed by memory.
  TlsScratch() : plain(new char[kBytes]), cipher(new char[kBytes]) {}
  std::unique_ptr<char[]> plain;
  std::unique_ptr<char[]> cipher;  // as received
  std::string records;             // to be sent
};

// Moves bytes both ways between a TLS connection whose handshake is done and one end of a socketpair. Never blocks, and
// holds at most about one scratch of bytes for each way: what one side does not take is not read from the other. Meant
// for edge triggered epoll(7): tell it every event, with EPOLLRDHUP among those that are asked for. Watch the plain
// side for writing only while plain_blocked(): each byte that its reader takes from a socketpair makes an edge, and so
// wakes for nothing. Not thread-safe.
class TlsPump {
 public:
  enum class State {
    kWaiting,  // nothing can be moved now
    kMore,     // the budget is spent: call Continue, after the others
    kEnded,    // both ways are closed
  };
  static constexpr size_t kBudget = 256 << 10;

  // Both descriptors are non-blocking; `ssl` works on `network`. Call Continue first: what came with the end of the
  // handshake gives no event.
  TlsPump(UniqueSsl ssl, UniqueFd network, UniqueFd plain);
  TlsPump(const TlsPump&) = delete;
  TlsPump& operator=(const TlsPump&) = delete;

  // Move what `events` of epoll(7) on one side let pass, at most about `budget` bytes each way.
  State OnNetwork(uint32_t events, TlsScratch* scratch, size_t budget = kBudget);
  State OnPlain(uint32_t events, TlsScratch* scratch, size_t budget = kBudget);
  // Moves what can be moved, whatever the events were.
  State Continue(TlsScratch* scratch, size_t budget = kBudget);

  int network_fd() const { return network_.get(); }
  int plain_fd() const { return plain_.get(); }
  // The plain side takes no more: an event must come when it is writable again.
  bool plain_blocked() const { return !incoming_.empty(); }
  // Why it ended otherwise than by a clean close of one side: an alert of the peer or a transport error; "" if not.
  const std::string& error() const { return error_; }
  // The network side of a pump that has ended, to wait for the peer's close; the pump is of no use any more.
  UniqueFd TakeNetwork() { return std::move(network_); }

 private:
  // Whether a way takes more.
  enum class Way { kBlocked, kOpen };

  // Each moves one way, unless it is closed. A read that fills less than its buffer has emptied the socket (epoll(7),
  // question 9), which spares one that finds nothing; but an end that has come already gives no further edge, so
  // `drain` reads until there is nothing. True when the budget is spent.
  bool MoveIn(bool drain, TlsScratch* scratch, size_t budget);
  bool MoveOut(bool drain, TlsScratch* scratch, size_t budget);
  State Done(bool more) const;

  // Decrypts what was received, and gives it to the plain side.
  Way Decrypt(TlsScratch* scratch);
  Way Encrypt(absl::string_view bytes, TlsScratch* scratch);
  // Sends scratch->records behind what is still to be sent.
  Way SendRecords(TlsScratch* scratch);
  Way SendOutgoing();
  Way Deliver(absl::string_view bytes);
  Way DeliverIncoming();
  void FailTls(int error);
  void FailSocket(int code);
  // Nothing comes from the network any more: the plain side sees the end behind what is left for it.
  void CloseIn();
  void CloseOut(TlsScratch* scratch);

  UniqueFd network_;
  UniqueFd plain_;
  BioBuffers buffers_;
  UniqueSsl ssl_;
  std::string incoming_;  // decrypted, not yet taken by the plain side
  std::string outgoing_;  // encrypted, not yet taken by the network
  bool in_ended_ = false;
  bool in_open_ = true;   // network to plain
  bool out_open_ = true;  // plain to network
  std::string error_;
};

}  // namespace reeve::util
