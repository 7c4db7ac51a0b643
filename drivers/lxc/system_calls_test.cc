#include "drivers/lxc/system_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "absl/strings/string_view.h"

namespace reeve::lxc {
namespace {

// The errno of a call without sound arguments in a process that has the filter.
int Try(const std::string& filter, long number) {
  const pid_t child = fork();
  if (child == 0) {
    const sock_fprog program = {static_cast<unsigned short>(filter.size() / sizeof(sock_filter)),
                                reinterpret_cast<sock_filter*>(const_cast<char*>(filter.data()))};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
      _exit(255);
    }
    _exit(syscall(number, -1, -1, -1, -1, -1) < 0 ? errno : 0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("by default a guest may not reach beyond itself") {
  SystemCallFilters filters;
  const auto filter = filters.Make(RefusedSystemCalls({}));
  REQUIRE(filter.ok());
  CHECK(filter->size() % sizeof(sock_filter) == 0);
  for (const long number :
       std::initializer_list<long>{SYS_kexec_load, SYS_init_module, SYS_open_by_handle_at, SYS_bpf,
                                   SYS_perf_event_open, SYS_userfaultfd, SYS_swapon, SYS_syslog}) {
    INFO(number);
    CHECK(Try(*filter, number) == EPERM);
  }
  for (const long number : std::initializer_list<long>{SYS_keyctl, SYS_add_key, SYS_io_uring_setup})
    CHECK(Try(*filter, number) == ENOSYS);
  CHECK(Try(*filter, SYS_close) == EBADF);
  CHECK(Try(*filter, SYS_getpid) == 0);
#ifdef __x86_64__
  // x32 has the same calls by other numbers.
  CHECK(Try(*filter, 0x40000000 | SYS_bpf) == ENOSYS);
#endif
}

TEST_CASE("a capability that is on by name opens what goes with it") {
  v1::DomainSpec spec;
  auto* capability = spec.mutable_features()->mutable_capabilities()->add_states();
  capability->set_name("sys_module");
  capability->set_on(true);
  const std::map<std::string, int> refused = RefusedSystemCalls(spec);
  CHECK_FALSE(refused.contains("init_module"));
  CHECK(refused.at("bpf") == EPERM);
  CHECK(refused.at("keyctl") == ENOSYS);
  SystemCallFilters filters;
  CHECK(filters.Make({})->empty());
  CHECK_FALSE(filters.Make({{"notacall", EPERM}}).ok());
}

}  // namespace
}  // namespace reeve::lxc
