#include "util/name_uuid.h"

#include <catch2/catch.hpp>

namespace reeve::util {
namespace {

// The name space of DNS names (RFC 9562, 6.6).
constexpr UuidBytes kDns = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                            0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

TEST_CASE("the UUID of a name is that of the standard") {
  CHECK(NameUuid(kDns, "www.example.com").value() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");  // RFC 9562, A.4
}

TEST_CASE("another name or name space gives another UUID") {
  CHECK(NameUuid(kDns, "web1").value() == NameUuid(kDns, "web1").value());
  CHECK(NameUuid(kDns, "web1").value() != NameUuid(kDns, "web2").value());
  CHECK(NameUuid(kDns, "web1").value() != NameUuid(UuidBytes{}, "web1").value());
  CHECK(NameUuid(kDns, "").value().size() == 36);
}

}  // namespace
}  // namespace reeve::util
