#include "daemon/services/call_log.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::services {

void LogCall(const CallFacts& call, const absl::Status& status, absl::Duration duration) {
  const connections::Connection& connection = *call.connection();
  const std::string& method = call.method().path;
  const std::string identity = connection.Identity();
  const int64_t microseconds = absl::ToInt64Microseconds(duration);
  if (status.ok()) {
    return util::LogDebug(method, " by ", identity, ", client ", connection.number, ": ok, ", microseconds, " us");
  }
  const v1::Reason reason = ReasonOf(status);
  util::LogLevel level = call.method().access == v1::ACCESS_WRITE ? util::LogLevel::kInfo : util::LogLevel::kDebug;
  if (reason == v1::REASON_UNSPECIFIED || reason == v1::REASON_INTERNAL) level = util::LogLevel::kError;
  if (reason == v1::REASON_PERMISSION_DENIED || reason == v1::REASON_AUTHENTICATION_FAILED)
    level = util::LogLevel::kInfo;
  if (reason == v1::REASON_CALL_CANCELLED) level = util::LogLevel::kDebug;
  util::LogAt(level, method, " by ", identity, ", client ", connection.number, ": ", v1::Reason_Name(reason), ": ",
              status.message(), ", ", microseconds, " us");
}

void LogRefusal(absl::string_view peer, absl::string_view method, const absl::Status& status) {
  const v1::Reason reason = ReasonOf(status);
  // What the caller may not do is worth a line; what there is not, or not now, would only let it fill the log.
  const bool denied = reason == v1::REASON_CONNECTION_UNKNOWN || reason == v1::REASON_CONNECTION_READ_ONLY ||
                      reason == v1::REASON_PERMISSION_DENIED;
  util::LogAt(denied ? util::LogLevel::kInfo : util::LogLevel::kDebug, method.substr(0, 256), " by ", peer,
              " refused: ", v1::Reason_Name(reason), ": ", status.message());
}

}  // namespace reeve::services
