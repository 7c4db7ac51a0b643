// The client's half of a stream, for a caller that waits with poll(2).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reeve::client {

// What Take found.
enum class Taken {
  kMessage,  // one message
  kNothing,  // none now; poll ready_fd
  kEnded,    // the stream has ended, status() tells how
};

// A stream of serialized messages, both ways. Thread-safe. Destroying it cancels the call. It reads ahead at most 64
// messages, so that a slow caller holds the server back.
class RawStream {
 public:
  virtual ~RawStream() = default;

  // Readable while Take has a message or the end to give, and when all that was queued has been written, up to the next
  // Take.
  virtual int ready_fd() const = 0;
  virtual Taken Take(std::string* message) = 0;
  // How the stream ended, with reason and details; OK before its end and after a good one.
  virtual absl::Status status() const = 0;

  // Queues a message; what is queued behind the end of the stream is dropped, status() tells why.
  virtual void Write(std::string message) = 0;
  // Bytes queued and not yet given to the transport: a caller with much to send polls while this is large.
  virtual size_t queued_bytes() const = 0;
  // Closes our half, behind what is queued.
  virtual void WritesDone() = 0;
};

// The same with message types.
template <typename Request, typename Response>
class Stream {
 public:
  explicit Stream(std::unique_ptr<RawStream> raw) : raw_(std::move(raw)) {}

  int ready_fd() const { return raw_->ready_fd(); }
  Taken Take(Response* response) {
    if (!malformed_.ok()) return Taken::kEnded;
    std::string message;
    const Taken taken = raw_->Take(&message);
    if (taken == Taken::kMessage && !response->ParseFromString(message)) {
      malformed_ = absl::InternalError(
          absl::StrCat("the daemon sent a malformed ", std::string(Response::descriptor()->full_name())));
      return Taken::kEnded;
    }
    return taken;
  }
  absl::Status status() const { return malformed_.ok() ? raw_->status() : malformed_; }
  void Write(const Request& request) { raw_->Write(request.SerializeAsString()); }
  size_t queued_bytes() const { return raw_->queued_bytes(); }
  void WritesDone() { raw_->WritesDone(); }

 private:
  std::unique_ptr<RawStream> raw_;
  absl::Status malformed_;
};

}  // namespace reeve::client
