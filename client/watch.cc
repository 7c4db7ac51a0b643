#include "client/watch.h"

namespace reeve::client {

absl::StatusOr<std::unique_ptr<Watch>> Watch::Start(Connection* connection, const v1::WatchRequest& request) {
  std::unique_ptr<Watch> watch(new Watch(connection, request));
  auto stream = connection->Start(methods::kWatch, watch->request_);
  if (!stream.ok()) return stream.status();
  watch->stream_ = *std::move(stream);
  // All before the start revision counts as seen.
  if (request.start_revision() > 0) watch->revision_ = request.start_revision() - 1;
  return watch;
}

Taken Watch::Take(v1::WatchResponse* response) {
  const Taken taken = stream_->Take(response);
  if (taken != Taken::kMessage) return taken;
  if (response->has_compacted()) {
    revision_ = response->compacted().oldest_revision() - 1;
    return taken;
  }
  // A snapshot counts when it is whole: until then a resumption must ask for it again.
  const bool in_snapshot = request_.start_revision() == 0 && revision_ == 0;
  if (!in_snapshot || response->snapshot_done()) revision_ = response->revision();
  return taken;
}

absl::Status Watch::Resume() {
  if (absl::Status status = connection_->Reconnect(); !status.ok()) return status;
  if (revision_ > 0) request_.set_start_revision(revision_ + 1);
  auto stream = connection_->Start(methods::kWatch, request_);
  if (!stream.ok()) return stream.status();
  stream_ = *std::move(stream);
  return absl::OkStatus();
}

}  // namespace reeve::client
