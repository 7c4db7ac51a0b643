#include "drivers/lxc/supervisor/netlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

namespace reeve::lxc {
namespace {

constexpr int kNameWaitMilliseconds = 1000;

// One request; attributes are appended. All that we send fits by far: names, addresses, numbers.
class Request {
 public:
  template <typename Body>
  Request(uint16_t type, uint16_t flags, const Body& body) {
    header()->nlmsg_len = NLMSG_LENGTH(sizeof body);
    header()->nlmsg_type = type;
    header()->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
    memcpy(NLMSG_DATA(header()), &body, sizeof body);
  }

  rtattr* Add(uint16_t type, const void* data, size_t size) {
    rtattr* attribute = reinterpret_cast<rtattr*>(End());
    attribute->rta_type = type;
    attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
    if (size > 0) memcpy(RTA_DATA(attribute), data, size);
    header()->nlmsg_len = NLMSG_ALIGN(header()->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
  }
  void Add(uint16_t type, uint32_t number) { Add(type, &number, sizeof number); }
  void Add(uint16_t type, const std::string& text) { Add(type, text.data(), text.size()); }
  void AddName(uint16_t type, const std::string& text) { Add(type, text.c_str(), text.size() + 1); }
  rtattr* Open(uint16_t type) { return Add(type, nullptr, 0); }
  void Close(rtattr* nest) { nest->rta_len = static_cast<uint16_t>(End() - reinterpret_cast<char*>(nest)); }
  // Raw bytes inside a nest.
  template <typename Body>
  void Append(const Body& body) {
    memcpy(End(), &body, sizeof body);
    header()->nlmsg_len = NLMSG_ALIGN(header()->nlmsg_len) + NLMSG_ALIGN(sizeof body);
  }

  // Sends it and returns the kernel's answer: 0 or an errno value.
  int Exchange(int socket) {
    if (send(socket, header(), header()->nlmsg_len, 0) < 0) return errno;
    alignas(nlmsghdr) char answer[4096];
    for (;;) {
      const ssize_t got = recv(socket, answer, sizeof answer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno;
      const auto* reply = reinterpret_cast<const nlmsghdr*>(answer);
      if (static_cast<size_t>(got) < NLMSG_LENGTH(sizeof(nlmsgerr)) || reply->nlmsg_type != NLMSG_ERROR) continue;
      return -static_cast<const nlmsgerr*>(NLMSG_DATA(reply))->error;
    }
  }

 private:
  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_); }
  char* End() { return buffer_ + NLMSG_ALIGN(header()->nlmsg_len); }

  alignas(nlmsghdr) char buffer_[1024] = {};
};

bool InterfaceRequest(int socket, const std::string& name, unsigned long what, ifreq* request) {
  *request = {};
  if (name.size() >= sizeof request->ifr_name) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(request->ifr_name, name.c_str(), name.size() + 1);
  return ioctl(socket, what, request) == 0;
}

Request PairRequest(const InterfacePlan& plan, int64_t pid, uint32_t bridge, uint32_t mtu) {
  ifinfomsg body = {};
  body.ifi_change = IFF_UP;
  body.ifi_flags = plan.up ? IFF_UP : 0;
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body);
  // The kernel replaces %d by the first free number.
  request.AddName(IFLA_IFNAME, plan.host_name.empty() ? "vnet%d" : plan.host_name);
  if (plan.mac.size() == 6) {
    // A bridge takes the lowest address of its ports: a high first byte keeps the host's end from changing the
    // bridge's.
    std::string host_mac = plan.mac;
    host_mac[0] = static_cast<char>(0xfe);
    request.Add(IFLA_ADDRESS, host_mac);
  }
  if (bridge != 0) request.Add(IFLA_MASTER, bridge);
  if (mtu != 0) request.Add(IFLA_MTU, mtu);
  rtattr* link = request.Open(IFLA_LINKINFO);
  request.Add(IFLA_INFO_KIND, "veth", 4);
  rtattr* data = request.Open(IFLA_INFO_DATA);
  rtattr* peer = request.Open(VETH_INFO_PEER);
  request.Append(ifinfomsg{});  // down: an end cannot be brought up before the pair is joined
  request.AddName(IFLA_IFNAME, plan.guest_name);
  if (plan.mac.size() == 6) request.Add(IFLA_ADDRESS, plan.mac);
  if (mtu != 0) request.Add(IFLA_MTU, mtu);
  request.Add(IFLA_NET_NS_PID, static_cast<uint32_t>(pid));
  request.Close(peer);
  request.Close(data);
  request.Close(link);
  return request;
}

int64_t MonotonicMilliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1000000;
}

// The name is taken: tries again whenever a link goes, for a while.
int RetryWhenFreed(int socket, const InterfacePlan& plan, int64_t pid, uint32_t bridge, uint32_t mtu) {
  util::UniqueFd watch(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (!watch || bind(watch.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return EEXIST;
  const int64_t deadline = MonotonicMilliseconds() + kNameWaitMilliseconds;
  for (;;) {
    const int error = PairRequest(plan, pid, bridge, mtu).Exchange(socket);
    const int64_t left = deadline - MonotonicMilliseconds();
    if (error != EEXIST || left <= 0) return error;
    pollfd ready = {watch.get(), POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left)) <= 0) return EEXIST;
    char notifications[8192];
    (void)recv(watch.get(), notifications, sizeof notifications, 0);
  }
}

}  // namespace

util::UniqueFd OpenNetlink() {
  return util::UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

bool MakeInterface(int netlink, const InterfacePlan& plan, int64_t pid, Failure* failure) {
  uint32_t bridge = 0;
  uint32_t mtu = plan.mtu;
  if (!plan.bridge.empty()) {
    ifreq request;
    if (!InterfaceRequest(netlink, plan.bridge, SIOCGIFINDEX, &request)) {
      return Fail(failure, Step::kMakeInterface, plan.guest_name + " on bridge " + plan.bridge);
    }
    bridge = static_cast<uint32_t>(request.ifr_ifindex);
    if (mtu == 0 && InterfaceRequest(netlink, plan.bridge, SIOCGIFMTU, &request) && request.ifr_mtu != 1500) {
      mtu = static_cast<uint32_t>(request.ifr_mtu);
    }
  }
  int error = PairRequest(plan, pid, bridge, mtu).Exchange(netlink);
  if (error == EEXIST && !plan.host_name.empty()) error = RetryWhenFreed(netlink, plan, pid, bridge, mtu);
  if (error == 0) return true;
  std::string object = plan.guest_name;
  if (!plan.host_name.empty()) object += " with host end " + plan.host_name;
  if (!plan.bridge.empty()) object += " on bridge " + plan.bridge;
  return FailWith(failure, Step::kMakeInterface, error, object);
}

bool BringUpLoopback(int netlink, Failure* failure) {
  ifreq request;
  if (!InterfaceRequest(netlink, "lo", SIOCGIFFLAGS, &request)) return Fail(failure, Step::kLoopback);
  request.ifr_flags |= IFF_UP;
  return ioctl(netlink, SIOCSIFFLAGS, &request) == 0 || Fail(failure, Step::kLoopback);
}

bool ConfigureInterface(int netlink, const InterfacePlan& plan, Failure* failure) {
  ifreq link;
  if (plan.up) {
    if (!InterfaceRequest(netlink, plan.guest_name, SIOCGIFFLAGS, &link)) {
      return Fail(failure, Step::kMakeInterface, plan.guest_name);
    }
    link.ifr_flags |= IFF_UP;
    if (ioctl(netlink, SIOCSIFFLAGS, &link) < 0) return Fail(failure, Step::kMakeInterface, plan.guest_name);
  }
  if (plan.addresses.empty() && plan.routes.empty()) return true;
  if (!InterfaceRequest(netlink, plan.guest_name, SIOCGIFINDEX, &link)) {
    return Fail(failure, Step::kAddress, plan.guest_name);
  }
  for (const AddressPlan& address : plan.addresses) {
    const bool four = address.address.size() == 4;
    ifaddrmsg body = {};
    body.ifa_family = four ? AF_INET : AF_INET6;
    body.ifa_prefixlen = address.prefix;
    body.ifa_index = static_cast<uint32_t>(link.ifr_ifindex);
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
    if (const int error = request.Exchange(netlink)) return FailWith(failure, Step::kAddress, error, plan.guest_name);
  }
  for (const RoutePlan& route : plan.routes) {
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
    request.Add(RTA_OIF, static_cast<uint32_t>(link.ifr_ifindex));
    if (route.metric != 0) request.Add(RTA_PRIORITY, route.metric);
    if (const int error = request.Exchange(netlink)) return FailWith(failure, Step::kRoute, error, plan.guest_name);
  }
  return true;
}

}  // namespace reeve::lxc
