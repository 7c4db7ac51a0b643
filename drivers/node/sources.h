// Where what the host tells of itself is read from.
#pragma once

#include <string>

namespace reeve::node {

// Tests give a tree of their own.
struct Sources {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string architecture;  // "x86_64"; empty: uname(2)'s
};

}  // namespace reeve::node
