#include "daemon/notifier.h"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve {

bool Notifier::Wanted() {
  return getenv("NOTIFY_SOCKET") != nullptr;
}

absl::Duration Notifier::WatchdogTimeout() {
  uint64_t microseconds = 0;
  const int result = sd_watchdog_enabled(0, &microseconds);
  if (result < 0) util::LogWarn("WATCHDOG_USEC is not understood and ignored: ", strerror(-result));
  return result > 0 ? absl::Microseconds(microseconds) : absl::InfiniteDuration();
}

void Notifier::Ready(absl::string_view status) {
  last_status_ = std::string(status);
  Send(absl::StrCat("READY=1\nSTATUS=", util::EscapeControlCharacters(status)));
}

void Notifier::Status(absl::string_view status) {
  if (status == last_status_) return;
  last_status_ = std::string(status);
  Send(absl::StrCat("STATUS=", util::EscapeControlCharacters(status)));
}

void Notifier::Reloading(absl::Duration monotonic) {
  Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", absl::ToInt64Microseconds(monotonic)));
}

void Notifier::Stopping() {
  Send("STOPPING=1\nSTATUS=ending, guests go on");
}

void Notifier::Watchdog() {
  Send("WATCHDOG=1");
}

void Notifier::Send(const std::string& message) {
  const int result = sd_notify(0, message.c_str());
  if (result < 0) util::LogWarn("cannot notify the service manager: ", strerror(-result));
}

}  // namespace reeve
