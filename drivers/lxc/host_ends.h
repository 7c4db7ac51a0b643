// The ends of containers' interfaces that are on the host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers/lxc/host_links.h"
#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::lxc {

// "52:54:00:00:00:01" of 6 bytes.
std::string MacText(const std::string& mac);

// The host's interfaces as they stand at the first question, which asks the kernel for all of them. Not thread-safe.
class HostEnds {
 public:
  // The end of a pair, by its name where the plan gives one, else by its address. Null when there is none.
  const v1::InterfaceStatistics* Find(const InterfacePlan& interface);

 private:
  bool listed_ = false;
  std::map<std::string, v1::InterfaceStatistics> by_address_;
  std::map<std::string, std::string> addresses_;  // by name
};

// DomainStatus.interfaces of a container with these.
std::vector<v1::InterfaceStatus> DescribeInterfaces(const std::vector<InterfacePlan>& interfaces);

}  // namespace reeve::lxc
