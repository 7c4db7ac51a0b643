#include "formats/signal_name.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace reeve::formats {
namespace {

// What glibc leaves of the kernel's real-time signals; fixed, because the guest may have another C library.
constexpr int kRealTimeMin = 34;
constexpr int kRealTimeMax = 64;

struct SignalName {
  absl::string_view name;
  int number;
};

constexpr SignalName kNames[] = {
    {"SIGABRT", SIGABRT}, {"SIGALRM", SIGALRM}, {"SIGBUS", SIGBUS},   {"SIGCHLD", SIGCHLD},     {"SIGCONT", SIGCONT},
    {"SIGFPE", SIGFPE},   {"SIGHUP", SIGHUP},   {"SIGILL", SIGILL},   {"SIGINT", SIGINT},       {"SIGIO", SIGIO},
    {"SIGKILL", SIGKILL}, {"SIGPIPE", SIGPIPE}, {"SIGPOLL", SIGPOLL}, {"SIGPROF", SIGPROF},     {"SIGPWR", SIGPWR},
    {"SIGQUIT", SIGQUIT}, {"SIGSEGV", SIGSEGV}, {"SIGSTOP", SIGSTOP}, {"SIGSTKFLT", SIGSTKFLT}, {"SIGSYS", SIGSYS},
    {"SIGTERM", SIGTERM}, {"SIGTRAP", SIGTRAP}, {"SIGTSTP", SIGTSTP}, {"SIGTTIN", SIGTTIN},     {"SIGTTOU", SIGTTOU},
    {"SIGURG", SIGURG},   {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGVTALRM", SIGVTALRM}, {"SIGWINCH", SIGWINCH},
    {"SIGXCPU", SIGXCPU}, {"SIGXFSZ", SIGXFSZ},
};

std::optional<int> Number(absl::string_view text) {
  int number = 0;
  if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    return std::nullopt;
  }
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

std::optional<int> InRange(int number, int min) {
  if (number < min || number > kRealTimeMax) return std::nullopt;
  return number;
}

}  // namespace

std::optional<int> ParseSignal(absl::string_view text) {
  if (const auto number = Number(text)) return InRange(*number, 1);
  for (const SignalName& known : kNames) {
    if (known.name == text) return known.number;
  }
  if (text == "SIGRTMIN") return kRealTimeMin;
  if (text == "SIGRTMAX") return kRealTimeMax;
  if (absl::ConsumePrefix(&text, "SIGRTMIN+")) {
    if (const auto number = Number(text)) return InRange(kRealTimeMin + *number, kRealTimeMin);
  } else if (absl::ConsumePrefix(&text, "SIGRTMAX-")) {
    if (const auto number = Number(text)) return InRange(kRealTimeMax - *number, kRealTimeMin);
  }
  return std::nullopt;
}

}  // namespace reeve::formats
