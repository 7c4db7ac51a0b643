#include "drivers/lxc/supervisor/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr rlim_t kOpenFiles = 1024;

}  // namespace

bool ReducePrivileges(uint64_t keep, uint32_t user, uint32_t group, Failure* failure) {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1) != 0) continue;
    const int present = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (present < 0) break;  // EINVAL: past the last one that this kernel knows
    if (present == 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return Fail(failure, Step::kCapabilities);
  }
  if (setgroups(0, nullptr) < 0) return Fail(failure, Step::kChangeUser, "groups");
  if (setresgid(group, group, group) < 0) return Fail(failure, Step::kChangeUser, "group " + std::to_string(group));
  if (setresuid(user, user, user) < 0) return Fail(failure, Step::kChangeUser, "user " + std::to_string(user));
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) < 0) return Fail(failure, Step::kCapabilities);
  for (int half = 0; half < 2; ++half) {
    const uint32_t mask = static_cast<uint32_t>(keep >> (32 * half));
    sets[half].effective &= mask;
    sets[half].permitted &= mask;
    sets[half].inheritable &= mask;
  }
  if (syscall(SYS_capset, &header, sets) < 0) return Fail(failure, Step::kCapabilities);
  return true;
}

bool FilterSystemCalls(const std::string& program, Failure* failure) {
  if (program.empty()) return true;
  // Copied, for a text may lie anywhere.
  std::vector<sock_filter> filter(program.size() / sizeof(sock_filter));
  if (filter.size() * sizeof(sock_filter) != program.size() || filter.size() > BPF_MAXINSNS) {
    return FailWith(failure, Step::kSystemCalls, EINVAL, "the filter");
  }
  memcpy(filter.data(), program.data(), program.size());
  const sock_fprog whole = {static_cast<unsigned short>(filter.size()), filter.data()};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) == 0 || Fail(failure, Step::kSystemCalls);
}

bool ResetLimits(Failure* failure) {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) return Fail(failure, Step::kLimits, "open files");
  files.rlim_cur = files.rlim_max < kOpenFiles ? files.rlim_max : kOpenFiles;
  if (setrlimit(RLIMIT_NOFILE, &files) < 0) return Fail(failure, Step::kLimits, "open files");
  // A daemon that is spared by the out-of-memory killer must not spare its guests. /proc is the guest's own here.
  util::UniqueFd score(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!score || write(score.get(), "0", 1) != 1) {
    // Without CAP_SYS_RESOURCE a score cannot be lowered to 0 (proc(5)): then it is above 0, which favours the host.
    if (errno != EACCES && errno != EPERM) return Fail(failure, Step::kLimits, "oom_score_adj");
  }
  return true;
}

}  // namespace reeve::lxc
