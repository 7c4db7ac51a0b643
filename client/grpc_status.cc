#include "client/grpc_status.h"

#include "google/rpc/status.pb.h"
#include "proto/status.h"

namespace reeve::client {

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  // The details repeat code and message. Where they contradict the status, a proxy has come between: believe the
  // status.
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code())) {
    return FromRpcStatus(details);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace reeve::client
