// What the host is: for NodeService.GetNode.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// Where the facts come from; tests give a tree of their own.
struct Sources {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string architecture;  // "x86_64"; empty: uname(2)'s
};

// Reads everything afresh, a few hundred microseconds. An error names the file that could not be read or understood;
// what the kernel does not tell everywhere (the frequency) is 0. Thread-safe.
absl::StatusOr<v1::Node> ReadNode(const Sources& sources = {});

}  // namespace reeve::node
