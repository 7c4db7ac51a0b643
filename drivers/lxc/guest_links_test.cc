#include "drivers/lxc/guest_links.h"

#include <catch2/catch.hpp>

namespace reeve::lxc {
namespace {

TEST_CASE("counters of a guest's interfaces, as the kernel writes them") {
  const auto links = ParseGuestLinks(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
      "    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0\n"
      "  eth0: 18446744073709551615 3 4 5 0 0 0 0 6 7 8 9 0 0 0 0\n");
  REQUIRE(links.size() == 2);
  const v1::InterfaceStatistics& link = links.at("eth0");
  CHECK(link.receive_bytes() == 18446744073709551615u);
  CHECK(link.receive_packets() == 3);
  CHECK(link.receive_errors() == 4);
  CHECK(link.receive_drops() == 5);
  CHECK(link.send_bytes() == 6);
  CHECK(link.send_packets() == 7);
  CHECK(link.send_errors() == 8);
  CHECK(link.send_drops() == 9);
}

TEST_CASE("what is no such line gives nothing") {
  for (const char* text : {"", "\n", "eth0", "eth0:", "eth0: 1 2 3", "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 x",
                           "eth0: -1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"}) {
    CHECK(ParseGuestLinks(text).empty());
  }
}

}  // namespace
}  // namespace reeve::lxc
