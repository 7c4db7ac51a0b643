#include <unistd.h>

#include <cstdio>

#include "cli/application.h"
#include "cli/command.h"

int main(int argc, char** argv) {
  const int code = reeve::cli::RunApplication({argv + 1, argv + argc});
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // All that is left is the end of static objects, which would free, one by one, what the process's end frees at once:
  // a good part of the time of a short command. Sanitizers look for leaks behind it.
  if (std::fflush(nullptr) != 0) _exit(reeve::cli::kExitFailed);
  _exit(code);
#endif
  return code;
}
