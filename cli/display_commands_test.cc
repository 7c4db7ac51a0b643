#include "cli/display_commands.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

v1::DisplayStatus Display(const char* type, const char* address, uint32_t port, uint32_t tls_port = 0) {
  v1::DisplayStatus display;
  display.set_type(type);
  display.set_address(address);
  display.set_port(port);
  display.set_tls_port(tls_port);
  return display;
}

TEST_CASE("A display is told as viewers name it") {
  CHECK(DisplayUri(Display("vnc", "127.0.0.1", 5900), "", "") == "vnc://127.0.0.1:0");
  CHECK(DisplayUri(Display("vnc", "127.0.0.1", 5912), "far", "") == "vnc://127.0.0.1:12");
  CHECK(DisplayUri(Display("spice", "10.0.0.1", 5930), "", "") == "spice://10.0.0.1:5930");
  CHECK(DisplayUri(Display("spice", "10.0.0.1", 5930, 5931), "", "") == "spice://10.0.0.1:5930?tls-port=5931");
  CHECK(DisplayUri(Display("spice", "10.0.0.1", 0, 5931), "", "") == "spice://10.0.0.1?tls-port=5931");
  CHECK(DisplayUri(Display("sdl", "", 0), "", "").empty());
}

TEST_CASE("Where it listens everywhere it is at the daemon's host") {
  CHECK(DisplayUri(Display("vnc", "0.0.0.0", 5901), "", "") == "vnc://localhost:1");
  CHECK(DisplayUri(Display("vnc", "0.0.0.0", 5901), "node7", "") == "vnc://node7:1");
  CHECK(DisplayUri(Display("vnc", "::", 5901), "fd00::7", "") == "vnc://[fd00::7]:1");
}

TEST_CASE("A password cannot be taken for another part of the URI") {
  CHECK(DisplayUri(Display("vnc", "127.0.0.1", 5900), "", "a@b:/") == "vnc://:a%40b%3A%2F@127.0.0.1:0");
  CHECK(DisplayUri(Display("spice", "127.0.0.1", 5900), "", "a&b") == "spice://127.0.0.1:5900?password=a%26b");
}

}  // namespace
}  // namespace reeve::cli
