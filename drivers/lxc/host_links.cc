#include "drivers/lxc/host_links.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr size_t kBuffer = 64 * 1024;

void Turn(const rtnl_link_stats64& host, v1::InterfaceStatistics* guest) {
  guest->set_receive_bytes(host.tx_bytes);
  guest->set_receive_packets(host.tx_packets);
  guest->set_receive_errors(host.tx_errors);
  guest->set_receive_drops(host.tx_dropped);
  guest->set_send_bytes(host.rx_bytes);
  guest->set_send_packets(host.rx_packets);
  guest->set_send_errors(host.rx_errors);
  guest->set_send_drops(host.rx_dropped);
}

bool IsPair(const rtattr* information) {
  int size = static_cast<int>(RTA_PAYLOAD(information));
  for (const rtattr* part = static_cast<const rtattr*>(RTA_DATA(information)); RTA_OK(part, size);
       part = RTA_NEXT(part, size)) {
    if (part->rta_type == IFLA_INFO_KIND) return strncmp(static_cast<const char*>(RTA_DATA(part)), "veth", 4) == 0;
  }
  return false;
}

HostLink Parse(nlmsghdr* message) {
  HostLink link;
  auto* body = static_cast<ifinfomsg*>(NLMSG_DATA(message));
  link.index = static_cast<uint32_t>(body->ifi_index);
  int size = static_cast<int>(IFLA_PAYLOAD(message));
  for (const rtattr* part = IFLA_RTA(body); RTA_OK(part, size); part = RTA_NEXT(part, size)) {
    const char* data = static_cast<const char*>(RTA_DATA(part));
    const size_t length = RTA_PAYLOAD(part);
    if (part->rta_type == IFLA_IFNAME) link.statistics.set_name(std::string(data, strnlen(data, length)));
    if (part->rta_type == IFLA_ADDRESS) link.address.assign(data, length);
    if (part->rta_type == IFLA_LINKINFO) link.is_pair = IsPair(part);
    if (part->rta_type == IFLA_STATS64) {
      rtnl_link_stats64 counters = {};
      memcpy(&counters, data, std::min(length, sizeof counters));
      Turn(counters, &link.statistics);
    }
  }
  return link;
}

}  // namespace

std::vector<HostLink> ListHostLinks() {
  std::vector<HostLink> links;
  const util::UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header;
    ifinfomsg body;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  if (!netlink || send(netlink.get(), &request, sizeof request, 0) < 0) return links;
  std::vector<char> buffer(kBuffer);
  for (;;) {
    const ssize_t got = recv(netlink.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return links;
    int left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) return links;
      if (message->nlmsg_type == RTM_NEWLINK) links.push_back(Parse(message));
    }
  }
}

}  // namespace reeve::lxc
