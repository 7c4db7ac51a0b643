// Fuzz targets of what decides who comes in: tokens, requests, certificates, lists and URIs.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::fuzz {

struct AccessTarget {
  const char* name;
  // Ends the program when a rule does not hold.
  void (*run)(absl::string_view text);
};

std::vector<AccessTarget> AccessTargets();

}  // namespace reeve::fuzz
