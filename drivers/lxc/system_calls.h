// Which system calls a guest may make, as a filter for the kernel.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Whether the kernel, on any of its architectures, has a call of this name. Pure.
bool IsSystemCall(const std::string& name);

// The calls that a specification refuses, by name, each with its error number: those that are refused by default, but for
// what the specification opens, by name or with a capability, and what it adds. Pure.
std::map<std::string, int> RefusedSystemCalls(const v1::DomainSpec& spec);

// Makes filters (struct sock_filter[], seccomp(2)) for the host's native architecture and the 32-bit one that goes with it.
// A call through another one, such as x32, is refused. Thread-safe; a filter is made once for each set of calls and kept.
class SystemCallFilters {
 public:
  // The filter that refuses `refused`; empty for none.
  absl::StatusOr<std::string> Make(const std::map<std::string, int>& refused);

 private:
  static constexpr size_t kMaximumKept = 64;

  absl::Mutex mutex_;
  std::map<std::map<std::string, int>, std::string> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::lxc
