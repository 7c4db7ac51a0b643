// pidfd_open(2), pidfd_send_signal(2) and pidfd_getfd(2). The C library's <sys/pidfd.h> cannot be linked from C++ before
// glibc 2.37.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

#include "util/fd.h"

namespace reeve::util {

// A descriptor for a process, close-on-exec; empty on failure (errno).
inline UniqueFd OpenPidfd(pid_t process) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process, 0))); }

// 0 or an errno value; ESRCH when the process has ended.
inline int SignalPidfd(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) < 0 ? errno : 0;
}

// A duplicate of another process's descriptor, close-on-exec; empty on failure (errno). Needs the right to trace it.
inline UniqueFd DuplicateOf(int pidfd, int descriptor) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, descriptor, 0)));
}

}  // namespace reeve::util
