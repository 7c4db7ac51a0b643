// What the wrapper knows of one call.
#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "auth/access.h"
#include "daemon/connections/connection.h"
#include "daemon/services/audit.h"
#include "daemon/services/method_table.h"

namespace reeve::services {

// A call that has been admitted: on which connection, of which method, and what it may do. Shared by the call and the
// handler. Thread-safe.
class CallFacts {
 public:
  // `audit`: null, or outlives this.
  CallFacts(std::shared_ptr<connections::Connection> connection, const Method* method, auth::Access::Pointer access,
            AuditLog* audit)
      : connection_(std::move(connection)), method_(method), access_(std::move(access)), audit_(audit) {}

  const std::shared_ptr<connections::Connection>& connection() const { return connection_; }
  const Method& method() const { return *method_; }
  const auth::Access::Pointer& access() const { return access_; }

  // Of a parsed request: the objects that it names exactly are authorised. One that is hidden is answered as if there
  // were none (NOT_FOUND), else PERMISSION_DENIED.
  absl::Status Inspect(const google::protobuf::Message& request) const;
  // Before an answer is sent: INTERNAL when the method names objects and nobody asked whether the caller may have them.
  absl::Status CheckAsked() const;
  // The call has ended so: recorded, the first time, if it was to change something or was refused.
  void Record(const absl::Status& status) const;

 private:
  const std::shared_ptr<connections::Connection> connection_;
  const Method* const method_;
  const auth::Access::Pointer access_;
  AuditLog* const audit_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  mutable std::atomic<bool> recorded_{false};
  mutable absl::Mutex mutex_;
  mutable std::string request_id_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services
