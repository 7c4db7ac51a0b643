// How a target says that a rule does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::fuzz {

// libFuzzer keeps the input.
[[noreturn]] inline void Broken(absl::string_view rule, absl::string_view first, absl::string_view second = "") {
  std::fprintf(stderr, "BROKEN RULE: %s\n--- first\n%s\n--- second\n%s\n", std::string(rule).c_str(),
               std::string(first).c_str(), std::string(second).c_str());
  std::abort();
}

}  // namespace reeve::fuzz
