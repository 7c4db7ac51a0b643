// Records of calls.
#pragma once

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/audit.h"
#include "daemon/connections/connection.h"
#include "reeve/v1/audit.pb.h"
#include "reeve/v1/options.pb.h"

namespace reeve::services {

// The one place that calls and authentications are recorded from. Another sink can be set at any time; without one
// nothing is recorded. Thread-safe.
class AuditLog {
 public:
  void SetSink(std::shared_ptr<auth::AuditSink> sink);
  void Write(const v1::AuditRecord& record);

 private:
  absl::Mutex mutex_;
  std::shared_ptr<auth::AuditSink> sink_ ABSL_GUARDED_BY(mutex_);
};

// A record of something that this connection did and that ended so; without method, permission and what the request
// names.
v1::AuditRecord MakeRecord(const connections::Connection& connection, const absl::Status& status,
                           absl::Duration duration);

// Whether an error says that the caller may not.
bool IsRefusal(const absl::Status& status);

}  // namespace reeve::services
