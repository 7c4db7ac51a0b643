#include "util/systemd_scope.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "util/errno.h"
#include "util/sd_bus.h"

namespace reeve::util {
namespace {

// Longer each time: who asks all the time keeps systemd from what is waited for.
constexpr absl::Duration kFirstRetry = absl::Milliseconds(10);
constexpr absl::Duration kLongestRetry = absl::Milliseconds(500);
constexpr char kDestination[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kInterface[] = "org.freedesktop.systemd1.Manager";

// The end of one job, as the signal JobRemoved tells it.
struct Job {
  std::string path;
  bool ended = false;
  std::string result;
};

int OnJobRemoved(sd_bus_message* message, void* data, sd_bus_error*) {
  auto* job = static_cast<Job*>(data);
  uint32_t number = 0;
  const char *path = nullptr, *unit = nullptr, *result = nullptr;
  const int read = sd_bus_message_read(message, "uoss", &number, &path, &unit, &result);
  if (read < 0) return read;
  // Signals that arrive before the answer that names our job are queued by sd-bus and come here after it.
  if (job->path == path) {
    job->ended = true;
    job->result = result;
  }
  return 0;
}

// Asks for the scope. `exists`: there is one of this name.
absl::Status Request(sd_bus* bus, const SystemdScope& scope, pid_t pid, const std::string& what, Job* job,
                     bool* exists) {
  BusError error;
  sd_bus_message* raw = nullptr;
  int result = sd_bus_call_method(bus, kDestination, kPath, kInterface, "StartTransientUnit", error.get(), &raw,
                                  "ssa(sv)a(sa(sv))", scope.name.c_str(), "fail",
                                  6,                                              // properties
                                  "Description", "s", scope.description.c_str(),  //
                                  "Slice", "s", scope.slice.c_str(),              //
                                  "PIDs", "au", 1, static_cast<uint32_t>(pid),    //
                                  "Delegate", "b", 1,                             //
                                  "TasksMax", "t", UINT64_MAX,                    // ours to limit
                                  "CollectMode", "s", "inactive-or-failed",       //
                                  0);                                             // auxiliary units
  *exists = sd_bus_error_has_name(error.get(), "org.freedesktop.systemd1.UnitExists") != 0;
  if (result < 0) return error.AsStatus(result, what);
  const BusMessage answer(raw);
  const char* path = nullptr;
  result = sd_bus_message_read(answer.get(), "o", &path);
  if (result < 0) return ErrnoStatus(-result, absl::StrCat(what, ": read the answer"));
  job->path = path;
  return absl::OkStatus();
}

}  // namespace

bool SystemdIsInit() {
  return sd_booted() > 0;
}

absl::Status MakeSystemdScope(const SystemdScope& scope, pid_t pid, absl::Duration timeout) {
  const std::string what = absl::StrCat("make systemd scope ", scope.name);
  const absl::Time deadline = absl::Now() + timeout;
  const absl::StatusOr<Bus> opened = OpenBus();
  if (!opened.ok()) return absl::UnavailableError(absl::StrCat(what, ": ", opened.status().message()));
  const Bus& bus = *opened;
  Job job;
  int result =
      sd_bus_match_signal(bus.get(), nullptr, kDestination, kPath, kInterface, "JobRemoved", OnJobRemoved, &job);
  if (result < 0) return ErrnoStatus(-result, absl::StrCat(what, ": watch its job"));

  for (absl::Duration retry = kFirstRetry;; retry = std::min(2 * retry, kLongestRetry)) {
    bool exists = false;
    absl::Status status = Request(bus.get(), scope, pid, what, &job, &exists);
    if (status.ok()) break;
    // The scope of the same name whose last process has just ended goes in a moment.
    if (!exists || absl::Now() + retry > deadline) return status;
    absl::SleepFor(retry);
  }
  while (!job.ended) {
    result = sd_bus_process(bus.get(), nullptr);
    if (result < 0) return ErrnoStatus(-result, absl::StrCat(what, ": wait for its job"));
    if (result > 0) continue;
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError(absl::StrCat(what, ": no end of its job"));
    result = sd_bus_wait(bus.get(), static_cast<uint64_t>(absl::ToInt64Microseconds(left)));
    if (result < 0 && result != -EINTR) return ErrnoStatus(-result, absl::StrCat(what, ": wait for its job"));
  }
  if (job.result != "done") return absl::AbortedError(absl::StrCat(what, ": its job ended as \"", job.result, "\""));
  return absl::OkStatus();
}

}  // namespace reeve::util
