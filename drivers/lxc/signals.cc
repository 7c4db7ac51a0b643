#include "drivers/lxc/signals.h"

#include <csignal>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reeve::lxc {
namespace {

constexpr int kLastSignal = 64;
// The kernel's first real-time signal; the C library keeps the first two for itself and counts SIGRTMIN from there
// (signal(7)).
constexpr int kFirstRealTime = 34;

}  // namespace

std::optional<int> ParseSignal(absl::string_view text) {
  int number = 0;
  if (absl::SimpleAtoi(text, &number)) {
    if (number < 1 || number > kLastSignal) return std::nullopt;
    return number;
  }
  absl::ConsumePrefix(&text, "SIG");
  if (absl::ConsumePrefix(&text, "RTMIN")) {
    if (text.empty()) return kFirstRealTime;
    if (text.size() < 2 || text[0] != '+' || !absl::SimpleAtoi(text.substr(1), &number)) return std::nullopt;
    if (number < 0 || kFirstRealTime + number > kLastSignal) return std::nullopt;
    return kFirstRealTime + number;
  }
  for (int signal = 1; signal < kFirstRealTime; ++signal) {
    const char* name = ::sigabbrev_np(signal);
    if (name != nullptr && text == name) return signal;
  }
  return std::nullopt;
}

std::string DescribeSignal(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? absl::StrCat("signal ", signal) : absl::StrCat("signal ", signal, " (SIG", name, ")");
}

}  // namespace reeve::lxc
