/* First program of the benchmarks' containers: writes CLOCK_MONOTONIC in nanoseconds into the FIFO that is its argument, as its
   first act, then waits; ends with 0 on TERM, HUP and INT. Static and without stdio, so that its own start costs nothing. */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static void end(int signal_number) {
  (void)signal_number;
  _exit(0);
}

int main(int count, char **words) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  signal(SIGTERM, end);
  signal(SIGHUP, end);
  signal(SIGINT, end);
  unsigned long long value = (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
  char digits[24];
  int place = sizeof digits;
  digits[--place] = '\n';
  do {
    digits[--place] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  if (count > 1) {
    int fifo = open(words[1], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fifo >= 0) {
      /* The reader times out when this fails; there is nobody to tell. */
      if (write(fifo, digits + place, sizeof digits - (unsigned)place) < 0) _exit(1);
      close(fifo);
    }
  }
  for (;;) pause();
}
