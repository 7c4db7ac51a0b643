#include "drivers/lxc/supervisor/links.h"

#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <time.h>

#include "drivers/lxc/supervisor/bandwidth.h"
#include "drivers/lxc/supervisor/netlink.h"
#include "drivers/lxc/supervisor/netlink_request.h"

namespace reeve::lxc {
namespace {

constexpr int kNameWaitMilliseconds = 1000;

// What of the host's end of a pair has to be done when it is there.
bool NeedsHostEnd(const InterfacePlan& plan) {
  return plan.isolated || plan.to_guest.average != 0 || plan.from_guest.average != 0 || !plan.host_addresses.empty() ||
         !plan.host_routes.empty();
}

Request PairRequest(const InterfacePlan& plan, const std::string& host_name, pid_t pid, uint32_t bridge, uint32_t mtu) {
  ifinfomsg body = {};
  body.ifi_change = IFF_UP;
  body.ifi_flags = plan.up && !NeedsHostEnd(plan) ? IFF_UP : 0;
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body);
  request.AddName(IFLA_IFNAME, host_name);
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
int RetryWhenFreed(int socket, const InterfacePlan& plan, pid_t pid, uint32_t bridge, uint32_t mtu) {
  util::UniqueFd watch(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (!watch || bind(watch.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) return EEXIST;
  const int64_t deadline = MonotonicMilliseconds() + kNameWaitMilliseconds;
  for (;;) {
    const int error = PairRequest(plan, plan.host_name, pid, bridge, mtu).Exchange(socket);
    const int64_t left = deadline - MonotonicMilliseconds();
    if (error != EEXIST || left <= 0) return error;
    pollfd ready = {watch.get(), POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left)) <= 0) return EEXIST;
    char notifications[8192];
    (void)recv(watch.get(), notifications, sizeof notifications, 0);
  }
}

int Rename(int netlink, uint32_t index, const std::string& name) {
  ifinfomsg body = {};
  body.ifi_index = static_cast<int>(index);
  Request request(RTM_NEWLINK, 0, body);
  request.AddName(IFLA_IFNAME, name);
  return request.Exchange(netlink);
}

int Isolate(int netlink, uint32_t index) {
  ifinfomsg body = {};
  body.ifi_family = AF_BRIDGE;
  body.ifi_index = static_cast<int>(index);
  Request request(RTM_SETLINK, 0, body);
  rtattr* port = request.Open(IFLA_PROTINFO | NLA_F_NESTED);
  const uint8_t on = 1;
  request.Add(IFLA_BRPORT_ISOLATED, &on, sizeof on);
  request.Close(port);
  return request.Exchange(netlink);
}

// The host's end: everything that takes its index.
bool SetUpHostEnd(int netlink, const InterfacePlan& plan, const std::string& name, const std::string& object,
                  Failure* failure) {
  const uint32_t index = InterfaceIndex(netlink, name);
  if (index == 0) return Fail(failure, Step::kMakeInterface, object);
  if (plan.isolated) {
    if (const int error = Isolate(netlink, index)) return FailWith(failure, Step::kIsolatePort, error, object);
  }
  if (!LimitRates(netlink, index, plan, failure)) return false;
  if (plan.up && !BringUp(netlink, name)) return Fail(failure, Step::kMakeInterface, object);
  if (!AddAddresses(netlink, name, plan.host_addresses, plan.host_routes, failure)) return false;
  return true;
}

bool MakePair(int netlink, const InterfacePlan& plan, pid_t pid, size_t place, Failure* failure) {
  uint32_t bridge = 0;
  uint32_t mtu = plan.mtu;
  std::string object = plan.guest_name;
  if (!plan.bridge.empty()) {
    object += " on bridge " + plan.bridge;
    bridge = InterfaceIndex(netlink, plan.bridge);
    if (bridge == 0) return Fail(failure, Step::kMakeInterface, object);
    ifreq request = {};
    memcpy(request.ifr_name, plan.bridge.c_str(), plan.bridge.size() + 1);
    if (mtu == 0 && ioctl(netlink, SIOCGIFMTU, &request) == 0 && request.ifr_mtu != 1500) {
      mtu = static_cast<uint32_t>(request.ifr_mtu);
    }
  }
  if (!plan.host_name.empty()) object += " with host end " + plan.host_name;
  // The kernel replaces %d by the first free number, but does not tell which: where the end is needed it has a name of
  // its own at first.
  const bool needed = NeedsHostEnd(plan) && plan.host_name.empty();
  const std::string first = !plan.host_name.empty() ? plan.host_name
                            : needed                ? "rv" + std::to_string(pid) + "." + std::to_string(place)
                                                    : "vnet%d";
  int error = PairRequest(plan, first, pid, bridge, mtu).Exchange(netlink);
  if (error == EEXIST && !plan.host_name.empty()) error = RetryWhenFreed(netlink, plan, pid, bridge, mtu);
  if (error != 0) return FailWith(failure, Step::kMakeInterface, error, object);
  if (NeedsHostEnd(plan) && !SetUpHostEnd(netlink, plan, first, object, failure)) return false;
  if (!needed) return true;
  error = Rename(netlink, InterfaceIndex(netlink, first), "vnet%d");
  return error == 0 || FailWith(failure, Step::kMakeInterface, error, object);
}

bool MakeMacvlan(int netlink, const InterfacePlan& plan, pid_t pid, Failure* failure) {
  const std::string object = plan.guest_name + " on " + plan.parent;
  const uint32_t parent = InterfaceIndex(netlink, plan.parent);
  if (parent == 0) return Fail(failure, Step::kMakeInterface, object);
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.AddName(IFLA_IFNAME, plan.guest_name);
  request.Add(IFLA_LINK, parent);
  // In mode passthrough it has the address of its parent, which it would change.
  if (plan.mac.size() == 6) request.Add(IFLA_ADDRESS, plan.mac);
  if (plan.mtu != 0) request.Add(IFLA_MTU, plan.mtu);
  request.Add(IFLA_NET_NS_PID, static_cast<uint32_t>(pid));
  rtattr* link = request.Open(IFLA_LINKINFO);
  request.Add(IFLA_INFO_KIND, "macvlan", 7);
  rtattr* data = request.Open(IFLA_INFO_DATA);
  request.Add(IFLA_MACVLAN_MODE, plan.mode);
  request.Close(data);
  request.Close(link);
  const int error = request.Exchange(netlink);
  return error == 0 || FailWith(failure, Step::kMakeInterface, error, object);
}

bool Borrow(int netlink, const InterfacePlan& plan, pid_t pid, int guest, BorrowedInterfaces* borrowed,
            Failure* failure) {
  ifreq address = {};
  memcpy(address.ifr_name, plan.parent.c_str(), plan.parent.size() + 1);
  const uint32_t index = InterfaceIndex(netlink, plan.parent);
  if (index == 0 || ioctl(netlink, SIOCGIFHWADDR, &address) < 0) {
    return Fail(failure, Step::kMoveInterface, plan.parent);
  }
  ifinfomsg body = {};
  body.ifi_index = static_cast<int>(index);
  Request request(RTM_NEWLINK, 0, body);
  request.Add(IFLA_NET_NS_PID, static_cast<uint32_t>(pid));
  if (const int error = request.Exchange(netlink)) return FailWith(failure, Step::kMoveInterface, error, plan.parent);
  BorrowedInterface& interface = borrowed->interfaces.emplace_back();
  interface.name = plan.parent;
  interface.mac.assign(address.ifr_hwaddr.sa_data, 6);
  interface.index = InterfaceIndex(guest, plan.parent);  // another one where the number was taken
  return interface.index != 0 || Fail(failure, Step::kMoveInterface, plan.parent);
}

// The host's end of a pair; 0 on failure. Its address is the guest's but for the first byte (PairRequest).
uint32_t HostEnd(int netlink, const InterfacePlan& plan) {
  if (!plan.host_name.empty()) return InterfaceIndex(netlink, plan.host_name);
  std::string mac = plan.mac;
  if (mac.size() != 6) return 0;
  mac[0] = static_cast<char>(0xfe);
  return FindLink(netlink, mac);
}

// Gives an interface back. 0 or an errno value.
int Return(const BorrowedInterface& interface, int own, int guest) {
  ifinfomsg body = {};
  body.ifi_index = static_cast<int>(interface.index);
  body.ifi_change = IFF_UP;
  Request down(RTM_NEWLINK, 0, body);
  down.Add(IFLA_ADDRESS, interface.mac);
  (void)down.Exchange(guest);  // an address that cannot be set is no reason to keep it
  int error = 0;
  for (const std::string& name : {interface.name, std::string("host%d")}) {
    Request back(RTM_NEWLINK, 0, body);
    back.AddName(IFLA_IFNAME, name);
    back.Add(IFLA_NET_NS_FD, static_cast<uint32_t>(own));
    error = back.Exchange(guest);
    if (error == 0) break;
  }
  return error;
}

}  // namespace

util::UniqueFd OpenNetlinkIn(int network) {
  const util::UniqueFd own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own || setns(network, CLONE_NEWNET) < 0) return {};
  util::UniqueFd netlink = OpenNetlink();
  const int error = errno;
  if (setns(own.get(), CLONE_NEWNET) < 0) _exit(1);  // never; to go on in the guest's would be worse
  errno = error;
  return netlink;
}

bool MakeInterfaces(const LaunchPlan& plan, pid_t pid, int directory_of_processes, BorrowedInterfaces* borrowed,
                    Failure* failure) {
  if (plan.interfaces.empty()) return true;
  const util::UniqueFd netlink = OpenNetlink();
  if (!netlink) return Fail(failure, Step::kMakeInterface);
  util::UniqueFd guest;
  for (size_t place = 0; place < plan.interfaces.size(); ++place) {
    const InterfacePlan& interface = plan.interfaces[place];
    switch (interface.kind) {
      case InterfaceKind::kPair:
        if (!MakePair(netlink.get(), interface, pid, place, failure)) return false;
        break;
      case InterfaceKind::kMacvlan:
        if (!MakeMacvlan(netlink.get(), interface, pid, failure)) return false;
        break;
      case InterfaceKind::kHost:
        if (!borrowed->network) {
          const std::string path = std::to_string(pid) + "/ns/net";
          borrowed->network.Reset(openat(directory_of_processes, path.c_str(), O_RDONLY | O_CLOEXEC));
        }
        if (borrowed->network && !guest) guest = OpenNetlinkIn(borrowed->network.get());
        if (!guest) return Fail(failure, Step::kMoveInterface, interface.parent);
        if (!Borrow(netlink.get(), interface, pid, guest.get(), borrowed, failure)) return false;
        break;
    }
  }
  return true;
}

void ReturnInterfaces(BorrowedInterfaces* borrowed) {
  if (!borrowed->network) return;
  const util::UniqueFd own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const util::UniqueFd guest = OpenNetlinkIn(borrowed->network.get());
  for (const BorrowedInterface& interface : borrowed->interfaces) {
    if (!own || !guest || interface.index == 0) break;
    (void)Return(interface, own.get(), guest.get());
  }
  *borrowed = BorrowedInterfaces();
}

bool ReturnInterface(BorrowedInterfaces* borrowed, const std::string& name, Failure* failure) {
  for (size_t i = 0; i < borrowed->interfaces.size(); ++i) {
    if (borrowed->interfaces[i].name != name) continue;
    const util::UniqueFd own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    const util::UniqueFd guest = OpenNetlinkIn(borrowed->network.get());
    if (!own || !guest) return Fail(failure, Step::kMoveInterface, name);
    const int error = Return(borrowed->interfaces[i], own.get(), guest.get());
    if (error != 0) return FailWith(failure, Step::kMoveInterface, error, name);
    borrowed->interfaces.erase(borrowed->interfaces.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return FailWith(failure, Step::kMoveInterface, ENODEV, name);
}

bool RemoveInterface(const InterfacePlan& plan, int guest_network, Failure* failure) {
  const bool pair = plan.kind == InterfaceKind::kPair;
  const util::UniqueFd netlink = pair ? OpenNetlink() : OpenNetlinkIn(guest_network);
  if (!netlink) return Fail(failure, Step::kRemoveInterface, plan.guest_name);
  // The guest can give its end another name and address, but not the host's.
  uint32_t index = 0;
  if (pair) {
    index = HostEnd(netlink.get(), plan);
  } else {
    index = FindLink(netlink.get(), plan.mac);
    if (index == 0) index = InterfaceIndex(netlink.get(), plan.guest_name);
  }
  if (index == 0) return FailWith(failure, Step::kRemoveInterface, ENODEV, plan.guest_name);
  ifinfomsg body = {};
  body.ifi_index = static_cast<int>(index);
  const int error = Request(RTM_DELLINK, 0, body).Exchange(netlink.get());
  return error == 0 || FailWith(failure, Step::kRemoveInterface, error, plan.guest_name);
}

bool UpdateInterface(const InterfacePlan& before, const InterfacePlan& after, Failure* failure) {
  if (after.kind != InterfaceKind::kPair) return FailWith(failure, Step::kChangeInterface, EOPNOTSUPP, after.guest_name);
  const util::UniqueFd netlink = OpenNetlink();
  const uint32_t index = netlink ? HostEnd(netlink.get(), before) : 0;
  if (index == 0) return FailWith(failure, Step::kChangeInterface, ENODEV, after.guest_name);
  if (before.bridge != after.bridge) {
    const uint32_t bridge = after.bridge.empty() ? 0 : InterfaceIndex(netlink.get(), after.bridge);
    if (bridge == 0 && !after.bridge.empty()) return Fail(failure, Step::kChangeInterface, "bridge " + after.bridge);
    ifinfomsg body = {};
    body.ifi_index = static_cast<int>(index);
    Request request(RTM_NEWLINK, 0, body);
    request.Add(IFLA_MASTER, bridge);
    if (const int error = request.Exchange(netlink.get())) {
      return FailWith(failure, Step::kChangeInterface, error, "bridge " + after.bridge);
    }
    if (after.isolated && bridge != 0) {
      if (const int error = Isolate(netlink.get(), index)) {
        return FailWith(failure, Step::kIsolatePort, error, after.guest_name);
      }
    }
  }
  if (!(before.to_guest == after.to_guest && before.from_guest == after.from_guest)) {
    LiftRates(netlink.get(), index);
    if (!LimitRates(netlink.get(), index, after, failure)) return false;
  }
  if (before.up == after.up) return true;
  // Without its other end the guest's has no carrier.
  ifinfomsg body = {};
  body.ifi_index = static_cast<int>(index);
  body.ifi_change = IFF_UP;
  body.ifi_flags = after.up ? IFF_UP : 0;
  const int error = Request(RTM_NEWLINK, 0, body).Exchange(netlink.get());
  return error == 0 || FailWith(failure, Step::kChangeInterface, error, after.guest_name);
}

}  // namespace reeve::lxc
