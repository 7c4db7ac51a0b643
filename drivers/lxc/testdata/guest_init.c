// The first process of the guests of the tests: static, does one thing told by its first argument.
#include <fcntl.h>
#include <linux/reboot.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signalled;

static void OnSignal(int number) {
  signalled = number;
}

static void Catch(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = OnSignal;
  sigaction(number, &action, 0);
}

static void AwaitSignal(void) {
  sigset_t none;
  sigemptyset(&none);
  while (!signalled) {
    sigsuspend(&none);
    while (waitpid(-1, 0, WNOHANG) > 0) {
    }
  }
}

// Blocks them until AwaitSignal, so that none is lost.
static void Prepare(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  Catch(SIGTERM);
  Catch(SIGHUP);
  Catch(SIGCHLD);
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "wait";
  if (!strcmp(what, "ready")) {  // ready FIFO: writes the time there, then waits
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    Prepare();
    char text[40];
    const int size = snprintf(text, sizeof text, "%lld\n", now.tv_sec * 1000000000ll + now.tv_nsec);
    const int fd = open(arguments[2], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || write(fd, text, (size_t)size) != size) return 9;
    close(fd);
  } else {
    Prepare();
    puts(what);
    fflush(stdout);
  }
  if (!strcmp(what, "exit")) return count > 2 ? atoi(arguments[2]) : 0;
  if (!strcmp(what, "crash")) abort();
  if (!strcmp(what, "poweroff")) reboot(RB_POWER_OFF);
  if (!strcmp(what, "memory")) {
    for (;;) {
      char* block = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block == MAP_FAILED) return 3;
      memset(block, 1, 1 << 20);
    }
  }
  if (!strcmp(what, "count")) {  // count: a line every millisecond, for tests of standing still
    for (long n = 0;; ++n) {
      printf("%ld\n", n);
      fflush(stdout);
      const struct timespec pause = {0, 1000000};
      nanosleep(&pause, 0);
    }
  }
  if (!strcmp(what, "flood")) {
    for (int n = 0; n < 40000; ++n) printf("%09d\n", n);
    puts("flooded");
    fflush(stdout);
  }
  if (!strcmp(what, "reboot")) {  // reboots once: the second life finds the file
    if (access("/rebooted", F_OK) != 0) {
      close(open("/rebooted", O_WRONLY | O_CREAT, 0600));
      reboot(RB_AUTOBOOT);
    }
    puts("second life");
    fflush(stdout);
  }
  do {
    signalled = 0;
    AwaitSignal();
  } while (signalled == SIGCHLD);
  if (!strcmp(what, "stubborn")) return 7;
  return 0;
}
