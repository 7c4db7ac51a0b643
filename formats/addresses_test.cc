#include <catch2/catch.hpp>

#include "formats/ip_address.h"
#include "formats/mac_address.h"

namespace reeve::formats {
namespace {

IpAddress Ip(absl::string_view text) {
  const auto address = ParseIpAddress(text);
  REQUIRE(address);
  return *address;
}

TEST_CASE("IP addresses are read strictly and written in their shortest form") {
  CHECK(ToString(Ip("192.168.1.9")) == "192.168.1.9");
  CHECK(ToString(Ip("2001:0DB8:0:0:0:0:0:1")) == "2001:db8::1");
  CHECK(ToString(Ip("::ffff:10.1.2.3")) == "::ffff:10.1.2.3");
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4x", "fe80::1%eth0", "::g", "1.2.3.4 ", "0x1.2.3.4"}) {
    INFO(bad);
    CHECK_FALSE(ParseIpAddress(bad));
  }
  CHECK_FALSE(ParseIpAddress(absl::string_view("1.2.3.4\0", 8)));
  CHECK_FALSE(ParseIpAddress(std::string(100000, ':')));
}

TEST_CASE("Netmasks are ones and then zeros") {
  CHECK(PrefixOfNetmask(Ip("255.255.255.0")) == 24u);
  CHECK(PrefixOfNetmask(Ip("255.255.255.255")) == 32u);
  CHECK(PrefixOfNetmask(Ip("0.0.0.0")) == 0u);
  CHECK(PrefixOfNetmask(Ip("255.255.254.0")) == 23u);
  CHECK(PrefixOfNetmask(Ip("ffff:ffff:8000::")) == 33u);
  CHECK_FALSE(PrefixOfNetmask(Ip("255.0.255.0")));
  CHECK_FALSE(PrefixOfNetmask(Ip("255.255.255.127")));
}

TEST_CASE("Networks have a first and a last address, and a default prefix") {
  CHECK(ToString(FirstOfNetwork(Ip("10.1.2.3"), 23)) == "10.1.2.0");
  CHECK(ToString(LastOfNetwork(Ip("10.1.2.3"), 23)) == "10.1.3.255");
  CHECK(ToString(LastOfNetwork(Ip("2001:db8::1"), 120)) == "2001:db8::ff");
  CHECK(ToString(FirstOfNetwork(Ip("10.1.2.3"), 0)) == "0.0.0.0");
  CHECK(DefaultPrefix(Ip("10.0.0.1")) == 8);
  CHECK(DefaultPrefix(Ip("172.16.0.1")) == 16);
  CHECK(DefaultPrefix(Ip("192.168.0.1")) == 24);
  CHECK(DefaultPrefix(Ip("fd00::1")) == 64);
  CHECK(DefaultPrefix(Ip("0.0.0.0")) == 0);
}

TEST_CASE("Ranges are counted, and not beyond a limit") {
  CHECK(CountOfRange(Ip("10.0.0.1"), Ip("10.0.0.1"), 9) == 1);
  CHECK(CountOfRange(Ip("10.0.0.250"), Ip("10.0.1.5"), 1000) == 12);
  CHECK(CountOfRange(Ip("10.0.0.2"), Ip("10.0.0.1"), 9) == 0);
  CHECK(CountOfRange(Ip("10.0.0.2"), Ip("fd00::1"), 9) == 0);
  CHECK(CountOfRange(Ip("::"), Ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 77) == 77);
  CHECK(CountOfRange(Ip("2001:db8::ffff"), Ip("2001:db8::1:0"), 77) == 2);
}

TEST_CASE("Hardware addresses get two digits a byte, in lower case") {
  CHECK(NormalMacAddress("52:54:00:AA:bb:0C") == "52:54:00:aa:bb:0c");
  CHECK(NormalMacAddress("1:2:3:4:5:6") == "01:02:03:04:05:06");
  for (const char* bad : {"", "52:54:00:aa:bb", "52:54:00:aa:bb:cc:dd", "52-54-00-aa-bb-cc", "52:54:00:aa:bb:ccc",
                          "5g:54:00:aa:bb:cc", "52:54:00:aa:bb:", ":54:00:aa:bb:cc"}) {
    INFO(bad);
    CHECK_FALSE(NormalMacAddress(bad));
  }
  CHECK(IsUnicastMac("52:54:00:aa:bb:cc"));
  CHECK(IsUnicastMac("0a:54:00:aa:bb:cc"));
  CHECK_FALSE(IsUnicastMac("01:00:5e:00:00:01"));
  CHECK_FALSE(IsUnicastMac("0b:00:5e:00:00:01"));
}

}  // namespace
}  // namespace reeve::formats
