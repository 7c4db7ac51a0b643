#include "drivers/node/suspend_node.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/node/read_fields.h"
#include "proto/invalid_request.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr uint64_t kShortestSeconds = 60;  // it must not be over before the host sleeps
constexpr uint64_t kLongestSeconds = 31'536'000;
constexpr char kNoAlarm[] = "0";

absl::Status CheckRequest(const v1::SuspendNodeRequest& request) {
  if (!v1::SuspendTarget_IsValid(request.target()) || request.target() == v1::SUSPEND_TARGET_UNSPECIFIED) {
    return Invalid("target", "is none that is known");
  }
  if (request.duration_seconds() < kShortestSeconds || request.duration_seconds() > kLongestSeconds) {
    return Invalid("duration_seconds", absl::StrCat("must be from ", kShortestSeconds, " to ", kLongestSeconds));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<util::UniqueFd> SuspendNode(const Sources& sources, SleepManager* manager,
                                           const v1::SuspendNodeRequest& request) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  const std::string path = sources.sys + "/class/rtc/rtc0/wakealarm";
  const absl::StatusOr<std::string> alarm = ReadLine(path);
  if (!alarm.ok()) {
    return Error(v1::REASON_NODE_CANNOT,
                 absl::StrCat("the machine's clock cannot wake it up: ", alarm.status().message()));
  }
  if (!alarm->empty()) {
    return Error(v1::REASON_NODE_CANNOT, absl::StrCat("the machine's clock has an alarm already: ", path, " is ",
                                                      *alarm, " (seconds since 1970)"));
  }
  if (absl::Status status = manager->Check(request.target()); !status.ok()) return status;
  // The kernel refuses it when somebody else has set one meanwhile.
  if (absl::Status status = util::WriteExisting(path, absl::StrCat("+", request.duration_seconds())); !status.ok()) {
    return NodeCannot(status);
  }
  absl::StatusOr<util::UniqueFd> awake = manager->Sleep(request.target());
  if (awake.ok()) return awake;
  if (absl::Status status = util::WriteExisting(path, kNoAlarm); !status.ok()) {
    return WithContext(absl::StrCat("(and the alarm of the clock stays: ", status.message(), ")"), awake.status());
  }
  return awake.status();
}

}  // namespace reeve::node
