#include "drivers/lxc/guest_calls.h"

#include <sys/stat.h>

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "drivers/lxc/guest_process.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/log.h"

namespace reeve::lxc {
namespace {

// A query takes microseconds; longer only where the guest or the host hangs.
constexpr absl::Duration kQueryTimeout = absl::Seconds(10);
// A file system may lie on another host.
constexpr absl::Duration kChangeTimeout = absl::Seconds(60);
constexpr size_t kMaximumArguments = 1024;
constexpr size_t kMaximumArgument = 32768;
constexpr size_t kMaximumVariables = 256;
constexpr size_t kMaximumBytes = 128 * 1024;
constexpr size_t kMaximumPath = 4095;
constexpr size_t kMaximumAnswer = 1 << 20;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat(field, " ", message));
  AddFieldViolation(&status, field, message);
  return status;
}

bool HasNul(absl::string_view text) {
  return text.find('\0') != absl::string_view::npos;
}

absl::Status CheckPath(absl::string_view field, const std::string& path) {
  if (path.empty() || path[0] != '/') return Invalid(field, "must be absolute");
  if (path.size() > kMaximumPath) return Invalid(field, "is longer than 4095 bytes");
  if (HasNul(path)) return Invalid(field, "has a NUL");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Start(const std::shared_ptr<EventLoop>& loop,
                                                             Container* container, const TaskRequest& request,
                                                             TaskStreams streams, drivers::GuestProcessReader reader,
                                                             bool also_paused = false) {
  util::UniqueFd far;
  absl::StatusOr<std::shared_ptr<TaskLink>> link = TaskLink::Create(loop, request, streams, std::move(reader), &far);
  if (!link.ok()) return link.status();
  auto process = std::make_unique<LxcGuestProcess>(*link);
  if (absl::Status status = (*link)->Watch(); !status.ok()) return status;
  if (absl::Status status = container->StartTask(std::move(far), also_paused); !status.ok()) return status;
  return process;
}

// Does a short task and waits for its text.
absl::StatusOr<std::string> Query(const std::shared_ptr<EventLoop>& loop, Container* container,
                                  const TaskRequest& request, const TaskStreams& streams,
                                  absl::Duration timeout = kQueryTimeout, bool also_paused = false) {
  struct Answer {
    absl::Mutex mutex;
    std::string text ABSL_GUARDED_BY(mutex);
    bool done ABSL_GUARDED_BY(mutex) = false;
    absl::Status status ABSL_GUARDED_BY(mutex);
  };
  auto answer = std::make_shared<Answer>();
  drivers::GuestProcessReader reader;
  reader.on_output = [answer](absl::string_view bytes, bool) {
    absl::MutexLock lock(&answer->mutex);
    if (answer->text.size() < kMaximumAnswer) answer->text.append(bytes.data(), bytes.size());
  };
  reader.on_end = [answer](const absl::StatusOr<v1::ExitStatus>& end) {
    absl::MutexLock lock(&answer->mutex);
    answer->done = true;
    answer->status = end.status();
  };
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> process =
      Start(loop, container, request, streams, std::move(reader), also_paused);
  if (!process.ok()) return process.status();
  absl::MutexLock lock(&answer->mutex);
  if (!answer->mutex.AwaitWithTimeout(absl::Condition(&answer->done), timeout)) {
    return Error(v1::REASON_DRIVER_FAILED,
                 absl::StrCat("the guest did not answer within ", absl::FormatDuration(timeout)));
  }
  if (!answer->status.ok()) return answer->status;
  return std::move(answer->text);
}

absl::Status CheckStart(const v1::ExecStart& start) {
  if (start.arguments().empty() || start.arguments(0).empty()) return Invalid("arguments", "have no program");
  if (static_cast<size_t>(start.arguments_size()) > kMaximumArguments)
    return Invalid("arguments", "are more than 1024");
  if (static_cast<size_t>(start.environment_size()) > kMaximumVariables) {
    return Invalid("environment", "has more than 256 variables");
  }
  size_t bytes = 0;
  for (const std::string& argument : start.arguments()) {
    if (argument.size() > kMaximumArgument) return Invalid("arguments", "have one longer than 32768 bytes");
    if (HasNul(argument)) return Invalid("arguments", "have one with a NUL");
    bytes += argument.size() + 1;
  }
  for (const v1::EnvironmentVariable& variable : start.environment()) {
    if (variable.name().empty() || variable.name().find('=') != std::string::npos || HasNul(variable.name()) ||
        HasNul(variable.value()) || variable.value().size() > kMaximumArgument || variable.name().size() > 4096) {
      return Invalid("environment", "has a variable with a bad name or value");
    }
    bytes += variable.name().size() + variable.value().size() + 2;
  }
  if (bytes > kMaximumBytes) return Invalid("arguments", "and environment are longer than 128 KiB");
  if (!start.directory().empty()) {
    if (absl::Status status = CheckPath("directory", start.directory()); !status.ok()) return status;
  }
  if (HasNul(start.user()) || HasNul(start.group()) || start.user().size() > 256 || start.group().size() > 256) {
    return Invalid("user", "or group is no name");
  }
  if (start.terminal() && start.detach()) return Invalid("terminal", "contradicts detach");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const std::shared_ptr<EventLoop>& loop,
                                                               Container* container, const v1::ExecStart& start,
                                                               drivers::GuestProcessReader reader) {
  if (absl::Status status = CheckStart(start); !status.ok()) return status;
  TaskRequest request;
  request.kind = TaskKind::kExecute;
  request.arguments.assign(start.arguments().begin(), start.arguments().end());
  for (const v1::EnvironmentVariable& variable : start.environment()) {
    request.environment.push_back(absl::StrCat(variable.name(), "=", variable.value()));
  }
  request.directory = start.directory();
  request.user = start.user();
  request.group = start.group();
  request.terminal = start.terminal();
  request.detach = start.detach();
  if (start.has_size()) {
    request.columns = static_cast<uint16_t>(start.size().columns());
    request.rows = static_cast<uint16_t>(start.size().rows());
  }
  const bool streams = !start.terminal() && !start.detach();
  return Start(loop, container, request,
               {.input = streams, .output = streams, .error_output = streams, .failure = v1::REASON_EXEC_FAILED},
               std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const std::shared_ptr<EventLoop>& loop,
                                                                Container* container, const v1::PushFileStart& start,
                                                                drivers::GuestProcessReader reader) {
  if (absl::Status status = CheckPath("path", start.path()); !status.ok()) return status;
  TaskRequest request;
  request.kind = TaskKind::kPushFile;
  request.path = start.path();
  if (start.has_mode()) request.mode = start.mode();
  request.user_id = start.user_id();
  request.group_id = start.group_id();
  request.no_replace = start.no_replace();
  return Start(loop, container, request, {.input = true, .failure = v1::REASON_FILE_FAILED}, std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const std::shared_ptr<EventLoop>& loop,
                                                                Container* container, const v1::PullFileRequest& pull,
                                                                drivers::GuestProcessReader reader) {
  if (absl::Status status = CheckPath("path", pull.path()); !status.ok()) return status;
  TaskRequest request;
  request.kind = TaskKind::kPullFile;
  request.path = pull.path();
  return Start(loop, container, request, {.output = true, .failure = v1::REASON_FILE_FAILED}, std::move(reader));
}

absl::StatusOr<std::string> Hostname(const std::shared_ptr<EventLoop>& loop, Container* container) {
  TaskRequest request;
  request.kind = TaskKind::kHostname;
  absl::StatusOr<std::string> name = Query(loop, container, request, {.failure = v1::REASON_DRIVER_FAILED});
  // Bytes of the guest's choice.
  if (name.ok()) name = util::EscapeControlCharacters(*name);
  return name;
}

absl::StatusOr<v1::ListInterfaceAddressesResponse> InterfaceAddresses(const std::shared_ptr<EventLoop>& loop,
                                                                      Container* container) {
  TaskRequest request;
  request.kind = TaskKind::kAddresses;
  absl::StatusOr<std::string> text = Query(loop, container, request, {.failure = v1::REASON_DRIVER_FAILED});
  if (!text.ok()) return text.status();
  std::map<int, v1::GuestInterface> interfaces;
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 4));
    int index = 0;
    if (words.size() < 3 || !absl::SimpleAtoi(words[1], &index)) continue;
    if (words[0] == "L" && words.size() == 5) {
      v1::GuestInterface& interface = interfaces[index];
      interface.set_up(words[2] == "1");
      if (words[3] != "-") interface.set_mac_address(words[3]);
      interface.set_name(util::EscapeControlCharacters(words[4]));  // bytes of the guest's choice
    } else if (words[0] == "A") {
      if (const auto found = interfaces.find(index); found != interfaces.end()) found->second.add_addresses(words[2]);
    }
  }
  v1::ListInterfaceAddressesResponse response;
  for (auto& [index, interface] : interfaces) *response.add_interfaces() = std::move(interface);
  return response;
}

absl::StatusOr<v1::GuestSecurityLabel> SecurityLabel(const Container& container) {
  v1::GuestSecurityLabel label;
  struct stat status = {};
  if (stat("/sys/fs/selinux/enforce", &status) == 0) {
    label.set_model("selinux");
    const absl::StatusOr<std::string> enforce = util::ReadFile("/sys/fs/selinux/enforce");
    label.set_enforcing(enforce.ok() && absl::StripAsciiWhitespace(*enforce) == "1");
  } else if (stat("/sys/kernel/security/apparmor/profiles", &status) == 0) {
    label.set_model("apparmor");
  } else {
    return label;
  }
  const int64_t pid = container.Describe().id;
  absl::StatusOr<std::string> text = util::ReadFile(absl::StrCat("/proc/", pid, "/attr/current"));
  if (!text.ok()) return text.status();
  std::string stripped(absl::StripAsciiWhitespace(absl::string_view(text->c_str())));
  if (label.model() == "apparmor") {
    // "profile (enforce)"
    const size_t mode = stripped.rfind(" (");
    label.set_enforcing(mode != std::string::npos && stripped.substr(mode) == " (enforce)");
    if (mode != std::string::npos) stripped.resize(mode);
    if (stripped == "unconfined") stripped.clear();
  }
  label.set_label(stripped);
  return label;
}

absl::StatusOr<v1::GuestNamespaces> Namespaces(const Container& container) {
  v1::GuestNamespaces response;
  const int64_t pid = container.Describe().id;
  response.set_pid(pid);
  for (const char* kind : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    struct stat ours = {};
    struct stat theirs = {};
    if (stat(absl::StrCat("/proc/self/ns/", kind).c_str(), &ours) < 0 ||
        stat(absl::StrCat("/proc/", pid, "/ns/", kind).c_str(), &theirs) < 0) {
      return util::ErrnoStatus(absl::StrCat("find the namespace ", kind));
    }
    if (ours.st_ino == theirs.st_ino) continue;
    v1::GuestNamespace& guest = *response.add_namespaces();
    guest.set_kind(kind);
    guest.set_inode(theirs.st_ino);
  }
  return response;
}

absl::Status AskInitctl(const std::shared_ptr<EventLoop>& loop, Container* container, char runlevel) {
  TaskRequest request;
  request.kind = TaskKind::kInitctl;
  request.number = static_cast<uint32_t>(runlevel);
  return Query(loop, container, request, {.failure = v1::REASON_GUEST_CANNOT}).status();
}

absl::Status ChangeGuest(const std::shared_ptr<EventLoop>& loop, Container* container, const TaskRequest& request,
                         int given) {
  return Query(loop, container, request, {.given = given, .failure = v1::REASON_DRIVER_FAILED}, kChangeTimeout,
               /*also_paused=*/true)
      .status();
}

}  // namespace reeve::lxc
