#include "drivers/lxc/host_ends.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace reeve::lxc {

std::string MacText(const std::string& mac) {
  std::string text;
  for (const char byte : mac) {
    absl::StrAppendFormat(&text, text.empty() ? "%02x" : ":%02x", static_cast<unsigned char>(byte));
  }
  return text;
}

const v1::InterfaceStatistics* HostEnds::Find(const InterfacePlan& interface) {
  if (interface.kind != InterfaceKind::kPair || interface.mac.size() != 6) return nullptr;
  if (!std::exchange(listed_, true)) {
    for (HostLink& link : ListHostLinks()) {
      addresses_[link.statistics.name()] = link.address;
      by_address_[link.address] = std::move(link.statistics);
    }
  }
  // As the supervisor makes it (links.cc).
  std::string address = interface.mac;
  address[0] = static_cast<char>(0xfe);
  if (!interface.host_name.empty()) {
    const auto named = addresses_.find(interface.host_name);
    if (named != addresses_.end()) address = named->second;
  }
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &found->second;
}

std::vector<v1::InterfaceStatus> DescribeInterfaces(const std::vector<InterfacePlan>& interfaces) {
  std::vector<v1::InterfaceStatus> result;
  HostEnds ends;
  for (const InterfacePlan& interface : interfaces) {
    v1::InterfaceStatus& status = result.emplace_back();
    status.set_mac_address(MacText(interface.mac));
    if (interface.kind == InterfaceKind::kHost) {
      status.set_host_name(interface.parent);
    } else if (!interface.host_name.empty()) {
      status.set_host_name(interface.host_name);
    } else if (const v1::InterfaceStatistics* end = ends.Find(interface); end != nullptr) {
      status.set_host_name(end->name());
    }
  }
  return result;
}

}  // namespace reeve::lxc
