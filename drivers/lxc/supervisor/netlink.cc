#include "drivers/lxc/supervisor/netlink.h"

#include <linux/if_addr.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "drivers/lxc/supervisor/netlink_request.h"

namespace reeve::lxc {
namespace {

bool InterfaceRequest(int socket, const std::string& name, unsigned long what, ifreq* request) {
  *request = {};
  if (name.size() >= sizeof request->ifr_name) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(request->ifr_name, name.c_str(), name.size() + 1);
  return ioctl(socket, what, request) == 0;
}

}  // namespace

util::UniqueFd OpenNetlink() {
  return util::UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

uint32_t InterfaceIndex(int netlink, const std::string& name) {
  ifreq request;
  return InterfaceRequest(netlink, name, SIOCGIFINDEX, &request) ? static_cast<uint32_t>(request.ifr_ifindex) : 0;
}

uint32_t FindLink(int netlink, const std::string& mac) {
  struct {
    nlmsghdr header;
    ifinfomsg body;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  if (mac.empty() || send(netlink, &request, sizeof request, 0) < 0) return 0;
  uint32_t found = 0;
  alignas(nlmsghdr) static char answer[32 * 1024];
  for (;;) {
    const ssize_t got = recv(netlink, answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return 0;
    int left = static_cast<int>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(answer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
        if (found == 0) errno = ENODEV;
        return found;
      }
      if (message->nlmsg_type != RTM_NEWLINK) continue;
      auto* body = static_cast<ifinfomsg*>(NLMSG_DATA(message));
      int size = static_cast<int>(IFLA_PAYLOAD(message));
      for (rtattr* attribute = IFLA_RTA(body); RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size)) {
        if (attribute->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(attribute) == mac.size() &&
            memcmp(RTA_DATA(attribute), mac.data(), mac.size()) == 0) {
          found = static_cast<uint32_t>(body->ifi_index);
        }
      }
    }
  }
}

bool BringUp(int netlink, const std::string& name) {
  ifreq request;
  if (!InterfaceRequest(netlink, name, SIOCGIFFLAGS, &request)) return false;
  request.ifr_flags |= IFF_UP;
  return ioctl(netlink, SIOCSIFFLAGS, &request) == 0;
}

bool BringUpLoopback(int netlink, Failure* failure) {
  return BringUp(netlink, "lo") || Fail(failure, Step::kLoopback);
}

bool AddAddresses(int netlink, const std::string& name, const std::vector<AddressPlan>& addresses,
                  const std::vector<RoutePlan>& routes, Failure* failure) {
  if (addresses.empty() && routes.empty()) return true;
  const uint32_t index = InterfaceIndex(netlink, name);
  if (index == 0) return Fail(failure, Step::kAddress, name);
  for (const AddressPlan& address : addresses) {
    const bool four = address.address.size() == 4;
    ifaddrmsg body = {};
    body.ifa_family = four ? AF_INET : AF_INET6;
    body.ifa_prefixlen = address.prefix;
    body.ifa_index = index;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body);
    request.Add(IFA_LOCAL, address.address);
    request.Add(IFA_ADDRESS, address.peer.empty() ? address.address : address.peer);
    if (four && address.peer.empty() && address.prefix < 31) {
      std::string broadcast = address.address;
      for (int bit = address.prefix; bit < 32; ++bit) {
        broadcast[static_cast<size_t>(bit / 8)] |= static_cast<char>(0x80 >> (bit % 8));
      }
      request.Add(IFA_BROADCAST, broadcast);
    }
    if (const int error = request.Exchange(netlink)) return FailWith(failure, Step::kAddress, error, name);
  }
  for (const RoutePlan& route : routes) {
    rtmsg body = {};
    body.rtm_family = route.gateway.size() == 4 || route.destination.size() == 4 ? AF_INET : AF_INET6;
    body.rtm_dst_len = route.prefix;
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_protocol = RTPROT_STATIC;
    body.rtm_scope = route.gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
    if (!route.destination.empty()) request.Add(RTA_DST, route.destination);
    if (!route.gateway.empty()) request.Add(RTA_GATEWAY, route.gateway);
    request.Add(RTA_OIF, index);
    if (route.metric != 0) request.Add(RTA_PRIORITY, route.metric);
    if (const int error = request.Exchange(netlink)) return FailWith(failure, Step::kRoute, error, name);
  }
  return true;
}

bool ConfigureInterface(int netlink, const InterfacePlan& plan, Failure* failure) {
  if (plan.up && !BringUp(netlink, plan.guest_name)) return Fail(failure, Step::kMakeInterface, plan.guest_name);
  return AddAddresses(netlink, plan.guest_name, plan.addresses, plan.routes, failure);
}

}  // namespace reeve::lxc
