// The event stream, followed over a loss of the connection.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"

namespace reeve::client {

// A watch that knows how far it has come, so that Resume continues behind the last message without a gap. Not
// thread-safe. The connection must outlive it. reconnecting_watch.h resumes by itself.
class Watch {
 public:
  static absl::StatusOr<std::unique_ptr<Watch>> Start(Connection* connection, const v1::WatchRequest& request);

  int ready_fd() const { return stream_->ready_fd(); }
  Taken Take(v1::WatchResponse* response);
  absl::Status status() const { return stream_->status(); }

  // The revision that has been seen whole; 0 while the present state is still on its way. Behind a `compacted` it is
  // the one before the oldest that there still is.
  int64_t revision() const { return revision_; }

  // After the end of the stream: connects anew and continues behind revision(). Errors as of Connection::Open; may be
  // tried again later.
  absl::Status Resume();

 private:
  Watch(Connection* connection, v1::WatchRequest request) : connection_(connection), request_(std::move(request)) {}

  Connection* const connection_;
  v1::WatchRequest request_;
  std::unique_ptr<Stream<v1::WatchRequest, v1::WatchResponse>> stream_;
  int64_t revision_ = 0;
};

}  // namespace reeve::client
