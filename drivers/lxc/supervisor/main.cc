// reeve-supervisor NAME UID: started by the daemon only. Descriptor 3 is the control connection, 4 the run directory.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "drivers/lxc/supervisor/execution.h"
#include "drivers/lxc/supervisor/supervisor.h"

int main() {
  if (fcntl(3, F_GETFD) < 0 || fcntl(4, F_GETFD) < 0) {
    fputs("reeve-supervisor is started by reeved, not by hand\n", stderr);
    return 2;
  }
  (void)prctl(PR_SET_NAME, "reeve-superviso");  // executed from memory, it has the name of a descriptor
  // The first process of the guest must not inherit them past its exec.
  (void)fcntl(3, F_SETFD, FD_CLOEXEC);
  (void)fcntl(4, F_SETFD, FD_CLOEXEC);
  // Those from 5 on keep devices of the host: they stay open as long as we live, and for nobody else.
  (void)close_range(5, ~0U, CLOSE_RANGE_CLOEXEC);
  umask(0);
  reeve::lxc::IgnoreSignals();
  reeve::lxc::Supervisor supervisor((reeve::util::UniqueFd(3)), reeve::util::UniqueFd(4));
  return supervisor.Run();
}
