#include "daemon/services/audit.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

std::string ProofText(const auth::Identity& identity) {
  switch (identity.proof) {
    case auth::Proof::kNone:
      break;
    case auth::Proof::kUnix:
      return "unix";
    case auth::Proof::kPolkit:
      return "polkit";
    case auth::Proof::kCertificate:
      return "certificate";
    case auth::Proof::kSasl:
      return absl::StrCat("sasl ", identity.sasl_mechanism);
  }
  return "";
}

}  // namespace

void AuditLog::SetSink(std::shared_ptr<auth::AuditSink> sink) {
  const absl::MutexLock lock(&mutex_);
  sink_ = std::move(sink);
}

void AuditLog::Write(const v1::AuditRecord& record) {
  std::shared_ptr<auth::AuditSink> sink;
  {
    const absl::MutexLock lock(&mutex_);
    sink = sink_;
  }
  if (sink != nullptr) sink->Write(record);
}

bool IsRefusal(const absl::Status& status) {
  switch (ReasonOf(status)) {
    case v1::REASON_CONNECTION_READ_ONLY:
    case v1::REASON_PERMISSION_DENIED:
    case v1::REASON_AUTHENTICATION_REQUIRED:
    case v1::REASON_AUTHENTICATION_FAILED:
    case v1::REASON_TOKEN_REFUSED:
      return true;
    default:
      return false;
  }
}

v1::AuditRecord MakeRecord(const connections::Connection& connection, const absl::Status& status,
                           absl::Duration duration) {
  const connections::Peer& peer = connection.peer;
  v1::AuditRecord record;
  *record.mutable_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(absl::Now() - duration));
  record.set_identity(connection.Identity());
  record.set_from(peer.transport == connections::Transport::kUnix
                      ? absl::StrCat("pid ", peer.pid)  // not its command, in which there may be a secret
                      : peer.remote_address);
  if (const auto authority = connection.proved.Get(); authority != nullptr) {
    record.set_authentication(ProofText(authority->identity()));
  }
  record.set_connection(connection.number);
  record.set_outcome(status.ok()         ? v1::AUDIT_OUTCOME_DONE
                     : IsRefusal(status) ? v1::AUDIT_OUTCOME_REFUSED
                                         : v1::AUDIT_OUTCOME_FAILED);
  if (!status.ok()) {
    const v1::Reason reason = ReasonOf(status);
    record.set_reason(reason == v1::REASON_UNSPECIFIED ? "INTERNAL"
                                                       : v1::Reason_Name(reason).substr(sizeof("REASON_") - 1));
  }
  record.set_duration_us(absl::ToInt64Microseconds(duration));
  return record;
}

}  // namespace reeve::services
