#include "drivers/lxc/supervisor/execution.h"

#include <signal.h>

namespace reeve::lxc {
namespace {

// A terminal's signals and closed connections are no reason to end; SIGTERM is.
constexpr int kIgnored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};

void UnblockSignals() {
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void IgnoreSignals() {
  for (const int number : kIgnored) (void)signal(number, SIG_IGN);
  UnblockSignals();
}

void ResetSignals() {
  for (const int number : kIgnored) (void)signal(number, SIG_DFL);
  UnblockSignals();
}

}  // namespace reeve::lxc
