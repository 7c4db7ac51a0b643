// The host's network interfaces, by one question to the kernel (rtnetlink(7)).
#pragma once

#include <string>
#include <vector>

#include "reeve/v1/domain_statistics.pb.h"

namespace reeve::lxc {

struct HostLink {
  std::string address;  // as bytes; 6 of Ethernet
  uint32_t index = 0;
  bool is_pair = false;  // a veth
  // Its name, and traffic as the other end of a pair sees it: what the host sent was received there. No address.
  v1::InterfaceStatistics statistics;
};

// Those of the daemon's network namespace; empty when the kernel does not tell (statistics then have none). Thread-safe.
std::vector<HostLink> ListHostLinks();

}  // namespace reeve::lxc
