#include "daemon/connections/caller_files.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "daemon/connections/peer.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/pidfd.h"

namespace reeve::connections {
namespace {

absl::Status Refuse(absl::string_view message) {
  return Error(v1::REASON_DESCRIPTOR_INVALID, message);
}

// The process of the connection, by a descriptor that no other process can get.
absl::StatusOr<util::UniqueFd> OpenProcess(const Peer& peer) {
  if (peer.transport != Transport::kUnix || peer.pid <= 0) {
    return Refuse("the caller is not a process of this host whose open files could be taken");
  }
  const absl::Status ended = Refuse(absl::StrCat("process ", peer.pid, ", which made the connection, has ended"));
  util::UniqueFd process = util::OpenPidfd(peer.pid);
  if (!process) return errno == ESRCH ? ended : util::ErrnoStatus(absl::StrCat("open process ", peer.pid));
  const absl::StatusOr<std::string> stat = util::ReadFile(absl::StrCat("/proc/", peer.pid, "/stat"));
  // It is still there behind the reading, so that was of this one.
  if (!stat.ok() || util::SignalPidfd(process.get(), 0) == ESRCH || peer.pid_start_time == 0 ||
      ParseStartTime(*stat) != peer.pid_start_time) {
    return ended;
  }
  return process;
}

// Makes the calling thread one that may trace what the peer may. The C library's functions would change all threads.
absl::Status ActAs(const Peer& peer) {
  constexpr int kKeep = -1;
  if (getgid() != peer.gid && syscall(SYS_setresgid, peer.gid, kKeep, kKeep) < 0) {
    return util::ErrnoStatus(absl::StrCat("act as group ", peer.gid));
  }
  if (getuid() != peer.uid && syscall(SYS_setresuid, peer.uid, kKeep, kKeep) < 0) {
    return util::ErrnoStatus(absl::StrCat("act as user ", peer.uid));
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  // What is permitted to the tracer must cover what is permitted to the traced.
  if (peer.uid == 0) {
    if (syscall(SYS_capget, &header, data) < 0) return util::ErrnoStatus("read the capabilities");
    data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective &= ~static_cast<uint32_t>(CAP_TO_MASK(CAP_SYS_PTRACE));
  }
  if (syscall(SYS_capset, &header, data) < 0) return util::ErrnoStatus("give up the capability to trace");
  return absl::OkStatus();
}

absl::Status Explain(int error, const Peer& peer, int number) {
  const std::string of = absl::StrCat("descriptor ", number, " of process ", peer.pid);
  if (error == EBADF) {
    return Error(v1::REASON_DESCRIPTOR_INVALID, absl::StrCat(of, " is not open"),
                 {{"descriptor", absl::StrCat(number)}});
  }
  if (error == EPERM) {
    return Error(v1::REASON_DESCRIPTOR_INVALID,
                 absl::StrCat(of, " cannot be taken: the process has other rights than user ", peer.uid,
                              ", hides its files (as reeve proxy does), or the kernel restricts tracing (Yama)"),
                 {{"descriptor", absl::StrCat(number)}});
  }
  return util::ErrnoStatus(error, absl::StrCat("take ", of));
}

}  // namespace

absl::StatusOr<std::vector<util::UniqueFd>> TakeCallerFiles(const Peer& peer, const std::vector<int>& numbers) {
  const absl::StatusOr<util::UniqueFd> process = OpenProcess(peer);
  if (!process.ok()) return process.status();
  std::vector<util::UniqueFd> files;
  absl::Status status;
  // A thread of its own, whose rights end with it.
  std::thread([&] {
    status = ActAs(peer);
    for (const int number : numbers) {
      if (!status.ok()) return;
      files.push_back(util::DuplicateOf(process->get(), number));
      if (!files.back()) status = Explain(errno, peer, number);
    }
  }).join();
  if (!status.ok()) return status;
  return files;
}

}  // namespace reeve::connections
