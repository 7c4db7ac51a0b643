#include "cli/guest_commands.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/domain_changes.h"
#include "cli/exec_command.h"
#include "cli/file_commands.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::cli {
namespace {

// A signal by number or name: "15", "term", "SIGTERM", "nop" and 0 for none.
absl::StatusOr<uint32_t> ParseSignal(const std::string& text) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number <= 64) return number;
  std::string name = absl::AsciiStrToUpper(text);
  if (absl::StartsWith(name, "VIR_DOMAIN_PROCESS_SIGNAL_")) name = name.substr(26);
  if (absl::StartsWith(name, "SIG") && name.find('_') == std::string::npos) name = name.substr(3);
  if (name == "NOP") return uint32_t{0};
  for (int signal = 1; signal <= 31; ++signal) {
    const char* known = sigabbrev_np(signal);
    if (known != nullptr && name == known) return static_cast<uint32_t>(signal);
  }
  // virsh's sig_rt0 is the kernel's first real-time signal, 32.
  if (absl::StartsWith(name, "SIG_RT") && absl::SimpleAtoi(name.substr(6), &number) && number <= 32) return 32 + number;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a signal"));
}

int SendProcessSignal(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = "Failed to send the signal";
  v1::SendProcessSignalRequest request;
  int64_t pid = 0;
  if (!absl::SimpleAtoi(arguments.Get("pid"), &pid)) return BadOption(context, "PID", "is not a number");
  auto signal = ParseSignal(arguments.Get("signal"));
  if (!signal.ok()) return BadOption(context, "SIGNAL", signal.status().message());
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  request.set_name(*name);
  request.set_pid(pid);
  request.set_signal(*signal);
  auto response = context.Call(methods::kSendProcessSignal, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  return context.json() ? context.PrintJson(*response) : kExitOk;
}

int FlagOf(absl::string_view kind) {
  if (kind == "user") return CLONE_NEWUSER;
  if (kind == "mnt") return CLONE_NEWNS;
  if (kind == "pid") return CLONE_NEWPID;
  if (kind == "net") return CLONE_NEWNET;
  if (kind == "ipc") return CLONE_NEWIPC;
  if (kind == "uts") return CLONE_NEWUTS;
  if (kind == "cgroup") return CLONE_NEWCGROUP;
  return 0;
}

// Enters the namespaces that the daemon names. What is opened is compared with what it has said, so that a process that
// got the pid meanwhile is not mistaken for the guest's.
absl::Status Enter(const v1::GuestNamespaces& namespaces) {
  std::vector<std::pair<util::UniqueFd, int>> opened;
  // The user namespace first: it gives the rights that the others take.
  for (const bool user : {true, false}) {
    for (const v1::GuestNamespace& one : namespaces.namespaces()) {
      const int flag = FlagOf(one.kind());
      if (flag == 0 || (flag == CLONE_NEWUSER) != user) continue;
      const std::string path = absl::StrCat("/proc/", namespaces.pid(), "/ns/", one.kind());
      util::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      struct stat status = {};
      if (!fd || ::fstat(fd.get(), &status) < 0) return util::ErrnoStatus(absl::StrCat("open ", path));
      if (status.st_ino != one.inode()) return absl::FailedPreconditionError("the domain has ended meanwhile");
      opened.emplace_back(std::move(fd), flag);
    }
  }
  for (const auto& [fd, flag] : opened) {
    if (::setns(fd.get(), flag) < 0) return util::ErrnoStatus("enter a namespace");
  }
  return absl::OkStatus();
}

[[noreturn]] void ExecuteWords(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  std::perror(words[0].c_str());
  ::_exit(errno == ENOENT ? 127 : 126);
}

int LxcEnterNamespace(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to enter the namespaces of domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::GetNamespacesRequest request;
  request.set_name(*name);
  auto namespaces = context.Call(methods::kGetNamespaces, std::move(request));
  if (!namespaces.ok()) return FailDomain(context, failure, argument, namespaces.status());
  if (::geteuid() != 0) return context.Fail(failure, absl::PermissionDeniedError("only root on the same host may"));
  // A process of its own: this one has threads, which may not change their user and mount namespaces.
  const pid_t entering = ::fork();
  if (entering < 0) return context.Fail(failure, util::ErrnoStatus("fork"));
  if (entering == 0) {
    if (absl::Status status = Enter(*namespaces); !status.ok()) {
      context.output().PrintError(absl::StrCat(failure, ": ", status.message()));
      ::_exit(kExitFailed);
    }
    if (::chdir("/") < 0 || ::setgid(0) < 0 || ::setuid(0) < 0) ::_exit(kExitFailed);
    // Only a child is in the pid namespace.
    const pid_t command = ::fork();
    if (command == 0) ExecuteWords(arguments.All("command"));
    int status = 0;
    if (command < 0 || ::waitpid(command, &status, 0) < 0) ::_exit(kExitFailed);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  int status = 0;
  while (::waitpid(entering, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

CommandGroup GuestCommands() {
  const Option active = DomainArgument(Completion::kActiveDomain);
  Option command = Argument("command", "COMMAND", "program and arguments, behind --", Completion::kNone);
  command.repeated = true;
  return {"Inside of guests",
          {
              ExecCommand(),
              FilePushCommand(),
              FilePullCommand(),
              {.name = "send-process-signal",
               .summary = "send a signal to a process of a guest",
               .examples = "reeve send-process-signal web1 1 usr1",
               .options = {active, Argument("pid", "PID", "as the guest sees it; LXC: 1 only", Completion::kNone),
                           Argument("signal", "SIGNAL", "number or name", Completion::kNone)},
               .run = SendProcessSignal},
              {.name = "lxc-enter-namespace",
               .summary = "run a program in the namespaces of a container",
               .description = "For root on the same host. Unlike exec it keeps all rights and control groups of the "
                              "caller: trust the guest.",
               .examples = "reeve lxc-enter-namespace web1 -- /bin/sh",
               .options = {active, command, Flag("noseclabel", "taken for virsh's sake: no label is set")},
               .run = LxcEnterNamespace},
          }};
}

}  // namespace reeve::cli
