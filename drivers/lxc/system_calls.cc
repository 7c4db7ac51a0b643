#include "drivers/lxc/system_calls.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

// What reaches beyond a container, or is old and without use in one but has had many faults. docs/lxc.md says why.
struct Refused {
  const char* name;
  int error;
  const char* capability;  // that opens it when it is on by name; null: none
};
constexpr Refused kRefused[] = {
    // The kernel itself.
    {"kexec_load", EPERM, nullptr},
    {"kexec_file_load", EPERM, nullptr},
    {"init_module", EPERM, "sys_module"},
    {"finit_module", EPERM, "sys_module"},
    {"delete_module", EPERM, "sys_module"},
    {"create_module", ENOSYS, nullptr},
    {"query_module", ENOSYS, nullptr},
    {"get_kernel_syms", ENOSYS, nullptr},
    {"syslog", EPERM, "syslog"},
    // The host's time, accounting, swap, quota and ports.
    {"settimeofday", EPERM, "sys_time"},
    {"stime", EPERM, "sys_time"},
    {"clock_settime", EPERM, "sys_time"},
    {"clock_settime64", EPERM, "sys_time"},
    {"acct", EPERM, "sys_pacct"},
    {"swapon", EPERM, nullptr},
    {"swapoff", EPERM, nullptr},
    {"quotactl", EPERM, nullptr},
    {"quotactl_fd", EPERM, nullptr},
    {"iopl", EPERM, "sys_rawio"},
    {"ioperm", EPERM, "sys_rawio"},
    // Files by handle, past every mount.
    {"open_by_handle_at", EPERM, "dac_read_search"},
    // Keys, which no namespace holds apart.
    {"keyctl", ENOSYS, nullptr},
    {"add_key", ENOSYS, nullptr},
    {"request_key", ENOSYS, nullptr},
    // Watching the kernel, or stopping it at will.
    {"bpf", EPERM, "bpf"},
    {"perf_event_open", EPERM, "perfmon"},
    {"fanotify_init", EPERM, nullptr},
    {"lookup_dcookie", EPERM, nullptr},
    {"userfaultfd", EPERM, nullptr},
    {"io_uring_setup", ENOSYS, nullptr},
    {"io_uring_enter", ENOSYS, nullptr},
    {"io_uring_register", ENOSYS, nullptr},
    // Of the past.
    {"_sysctl", ENOSYS, nullptr},
    {"sysfs", ENOSYS, nullptr},
    {"uselib", ENOSYS, nullptr},
    {"nfsservctl", ENOSYS, nullptr},
    {"vm86", ENOSYS, nullptr},
    {"vm86old", ENOSYS, nullptr},
};

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

absl::Status Failed(int result, absl::string_view step) {
  return util::ErrnoStatus(-result, absl::StrCat("make the filter of system calls: ", step));
}

absl::StatusOr<std::string> Compile(const std::map<std::string, int>& refused) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return absl::ResourceExhaustedError("make the filter of system calls");
  // Another architecture has other numbers: what the filter does not know, it must not let through.
  if (int result = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)); result < 0) {
    return Failed(result, "other architectures");
  }
  const uint32_t companion = seccomp_arch_native() == SCMP_ARCH_X86_64    ? SCMP_ARCH_X86
                             : seccomp_arch_native() == SCMP_ARCH_AARCH64 ? SCMP_ARCH_ARM
                                                                          : seccomp_arch_native();
  if (int result = seccomp_arch_add(filter.get(), companion); result < 0 && result != -EEXIST) {
    return Failed(result, "the 32-bit architecture");
  }
  // A tree: some forty comparisons for each call would be felt.
  if (int result = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2); result < 0) {
    return Failed(result, "order");
  }
  for (const auto& [name, error] : refused) {
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) return absl::InvalidArgumentError(absl::StrCat("no system call ", name));
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(static_cast<uint32_t>(error)), number, 0);
    // What no architecture of the filter has needs no rule.
    if (result < 0 && result != -EDOM) return Failed(result, name);
  }
  const util::UniqueFd memory(memfd_create("system calls", MFD_CLOEXEC));
  if (!memory) return util::ErrnoStatus("make the filter of system calls: memory");
  if (int result = seccomp_export_bpf(filter.get(), memory.get()); result < 0) return Failed(result, "export");
  return util::ReadFile(absl::StrCat("/proc/self/fd/", memory.get()));
}

}  // namespace

bool IsSystemCall(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

std::map<std::string, int> RefusedSystemCalls(const v1::DomainSpec& spec) {
  std::map<std::string, int> refused;
  const v1::SystemCallPolicy& policy = spec.lxc().system_calls();
  if (policy.policy() != v1::SystemCallPolicy::POLICY_ALLOW) {
    for (const Refused& call : kRefused) refused[call.name] = call.error;
    for (const v1::CapabilityState& state : spec.features().capabilities().states()) {
      for (const Refused& call : kRefused) {
        if (state.on() && call.capability != nullptr && state.name() == call.capability) refused.erase(call.name);
      }
    }
  }
  for (const v1::SystemCallRule& rule : policy.rules()) {
    if (rule.on()) {
      refused.erase(rule.name());
    } else {
      refused[rule.name()] = rule.error() == "ENOSYS" ? ENOSYS : EPERM;
    }
  }
  return refused;
}

absl::StatusOr<std::string> SystemCallFilters::Make(const std::map<std::string, int>& refused) {
  if (refused.empty()) return std::string();
  absl::MutexLock lock(&mutex_);
  if (const auto found = kept_.find(refused); found != kept_.end()) return found->second;
  absl::StatusOr<std::string> filter = Compile(refused);
  if (!filter.ok()) return filter;
  if (kept_.size() >= kMaximumKept) kept_.clear();
  return kept_[refused] = *std::move(filter);
}

}  // namespace reeve::lxc
