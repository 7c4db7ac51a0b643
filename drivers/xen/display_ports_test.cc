#include "drivers/xen/display_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <optional>
#include <utility>

#include "util/fd.h"

namespace reeve::xen {
namespace {

// Somebody who listens on a port of 127.0.0.1 that the kernel chooses.
struct Listener {
  Listener() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(socket.get(), 1) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  util::UniqueFd socket;
  uint16_t port = 0;
};

v1::DomainSpec WithDisplays(int count) {
  v1::DomainSpec spec;
  for (int i = 0; i < count; ++i) spec.mutable_devices()->add_graphics()->set_type("vnc");
  return spec;
}

int64_t PortOf(const v1::DomainSpec& spec, int index) {
  return spec.devices().graphics(index).port();
}

TEST_CASE("A display that leaves its port open gets one that is free") {
  const Listener other;
  DisplayPorts ports(other.port);
  v1::DomainSpec spec = WithDisplays(1);
  for (const int64_t stale : {int64_t{-1}, int64_t{0}, int64_t{other.port}}) {
    // Of a definition, or of the run before.
    if (stale != 0) spec.mutable_devices()->mutable_graphics(0)->set_port(stale);
    if (stale > 0) spec.mutable_devices()->mutable_graphics(0)->set_auto_port(true);
    const auto held = ports.Choose(&spec);
    REQUIRE(held.ok());
    CHECK(PortOf(spec, 0) > other.port);
    CHECK(spec.devices().graphics(0).auto_port());
  }
}

TEST_CASE("What one guest holds no other is given, until it lets go") {
  DisplayPorts ports;
  v1::DomainSpec first = WithDisplays(2), second = WithDisplays(1), third = WithDisplays(1);
  std::optional<HeldPorts> held;
  {
    auto chosen = ports.Choose(&first);
    REQUIRE(chosen.ok());
    held.emplace(*std::move(chosen));
  }
  CHECK(PortOf(first, 0) != PortOf(first, 1));
  REQUIRE(ports.Choose(&second).ok());
  CHECK(PortOf(second, 0) != PortOf(first, 0));
  CHECK(PortOf(second, 0) != PortOf(first, 1));
  held.reset();
  REQUIRE(ports.Choose(&third).ok());
  CHECK(PortOf(third, 0) == PortOf(first, 0));
}

TEST_CASE("A port that the specification names stays, and no other display of it is given that") {
  DisplayPorts ports;
  v1::DomainSpec free = WithDisplays(1);
  REQUIRE(ports.Choose(&free).ok());
  v1::DomainSpec spec = WithDisplays(2);
  spec.mutable_devices()->mutable_graphics(1)->set_port(PortOf(free, 0));
  REQUIRE(ports.Choose(&spec).ok());
  CHECK(PortOf(spec, 1) == PortOf(free, 0));
  CHECK_FALSE(spec.devices().graphics(1).auto_port());
  CHECK(PortOf(spec, 0) != PortOf(free, 0));
}

TEST_CASE("Without a free port that is said") {
  DisplayPorts last(65535);
  v1::DomainSpec spec = WithDisplays(2);
  const auto held = last.Choose(&spec);
  CHECK_THAT(std::string(held.status().message()), Catch::Matchers::Contains("no TCP port from 65535 on is free"));
}

TEST_CASE("What is told of a running guest's displays") {
  v1::DomainSpec spec = WithDisplays(1);
  spec.mutable_devices()->mutable_graphics(0)->set_port(5903);
  spec.mutable_devices()->mutable_graphics(0)->add_listens()->set_address("0.0.0.0");
  spec.mutable_devices()->add_graphics()->set_type("sdl");
  v1::Graphics* spice = spec.mutable_devices()->add_graphics();
  spice->set_type("spice");
  spice->set_tls_port(5999);
  const auto displays = DescribeDisplays(spec);
  REQUIRE(displays.size() == 3);
  CHECK(displays[0].ShortDebugString() == "type: \"vnc\" address: \"0.0.0.0\" port: 5903");
  CHECK(displays[1].ShortDebugString() == "type: \"sdl\"");
  CHECK(displays[2].ShortDebugString() == "type: \"spice\" address: \"127.0.0.1\" tls_port: 5999");
}

}  // namespace
}  // namespace reeve::xen
