#include "drivers/xen/display_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "util/fd.h"

namespace reeve::xen {
namespace {

constexpr uint32_t kLastPort = 65535;

bool CanBind(int family, const sockaddr* address, socklen_t size) {
  const util::UniqueFd probe(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return false;
  // As QEMU does: connections that have ended shall not keep the port.
  const int yes = 1;
  (void)setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (family == AF_INET6) (void)setsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
  return bind(probe.get(), address, size) == 0;
}

// Whether nobody listens there. An address that is a name is looked at as the wildcard that contains all of them.
bool IsFree(const std::string& address, uint16_t port) {
  sockaddr_in6 six = {};
  if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    return CanBind(AF_INET6, reinterpret_cast<const sockaddr*>(&six), sizeof(six));
  }
  sockaddr_in four = {};
  if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) != 1) four.sin_addr.s_addr = htonl(INADDR_ANY);
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  return CanBind(AF_INET, reinterpret_cast<const sockaddr*>(&four), sizeof(four));
}

}  // namespace

HeldPorts::HeldPorts(HeldPorts&& other) noexcept
    : all_(std::exchange(other.all_, nullptr)), ports_(std::move(other.ports_)) {}

HeldPorts::~HeldPorts() {
  if (all_ == nullptr) return;
  absl::MutexLock lock(&all_->mutex_);
  for (const uint16_t port : ports_) all_->held_.erase(all_->held_.find(port));
}

void DisplayPorts::Hold(uint16_t port, HeldPorts* held) {
  held_.insert(port);
  held->ports_.push_back(port);
}

absl::StatusOr<HeldPorts> DisplayPorts::Choose(v1::DomainSpec* spec) {
  HeldPorts held(this);
  absl::MutexLock lock(&mutex_);
  for (const v1::Graphics& graphics : spec->devices().graphics()) {
    if (graphics.type() == "vnc" && LeavesPortOpen(graphics)) continue;
    if (graphics.port() > 0 && graphics.port() <= int64_t{kLastPort})
      Hold(static_cast<uint16_t>(graphics.port()), &held);
  }
  for (v1::Graphics& graphics : *spec->mutable_devices()->mutable_graphics()) {
    if (graphics.type() != "vnc" || !LeavesPortOpen(graphics)) continue;
    const std::string address = DisplayAddress(graphics);
    uint32_t port = first_;
    while (port <= kLastPort &&
           (held_.count(static_cast<uint16_t>(port)) != 0 || !IsFree(address, static_cast<uint16_t>(port)))) {
      ++port;
    }
    if (port > kLastPort) {
      return absl::FailedPreconditionError(
          absl::StrCat("no TCP port from ", first_, " on is free for a VNC display at ", address));
    }
    Hold(static_cast<uint16_t>(port), &held);
    graphics.set_port(port);
    graphics.set_auto_port(true);
  }
  return held;
}

bool LeavesPortOpen(const v1::Graphics& graphics) {
  return graphics.auto_port() || !graphics.has_port() || graphics.port() < 0;
}

std::string ListenAddress(const v1::Graphics& graphics) {
  for (const v1::GraphicsListen& listen : graphics.listens()) {
    if (listen.type().empty() || listen.type() == "address") return listen.address();
  }
  return "";
}

std::string DisplayAddress(const v1::Graphics& graphics) {
  const std::string address = ListenAddress(graphics);
  return address.empty() ? "127.0.0.1" : address;
}

void KeepPorts(const v1::DomainSpec& from, v1::DomainSpec* to) {
  const auto& displays = from.devices().graphics();
  for (int i = 0; i < displays.size() && i < to->devices().graphics_size(); ++i) {
    if (displays[i].type() != "vnc" || !displays[i].auto_port()) continue;
    v1::Graphics& graphics = *to->mutable_devices()->mutable_graphics(i);
    graphics.set_port(displays[i].port());
    graphics.set_auto_port(true);
  }
}

std::vector<v1::DisplayStatus> DescribeDisplays(const v1::DomainSpec& spec) {
  std::vector<v1::DisplayStatus> displays;
  for (const v1::Graphics& graphics : spec.devices().graphics()) {
    v1::DisplayStatus& display = displays.emplace_back();
    display.set_type(graphics.type());
    if (graphics.port() > 0) display.set_port(static_cast<uint32_t>(graphics.port()));
    if (graphics.tls_port() > 0) display.set_tls_port(static_cast<uint32_t>(graphics.tls_port()));
    if (display.port() != 0 || display.tls_port() != 0) display.set_address(DisplayAddress(graphics));
  }
  return displays;
}

}  // namespace reeve::xen
