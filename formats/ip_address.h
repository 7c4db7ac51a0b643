// IP addresses as text and bytes. Pure functions, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

struct IpAddress {
  bool is_ipv6 = false;
  std::array<uint8_t, 16> bytes = {};  // in network order; the first four of IPv4

  unsigned bits() const { return is_ipv6 ? 128 : 32; }
  size_t size() const { return is_ipv6 ? 16 : 4; }
};

// An address as inet_pton(3) takes it: four decimal numbers, or RFC 4291. Nothing for other text.
std::optional<IpAddress> ParseIpAddress(absl::string_view text);

// The shortest form (RFC 5952).
std::string ToString(const IpAddress& address);

// Of the same family and number.
bool operator==(const IpAddress& left, const IpAddress& right);

// The number of leading ones of a netmask whose other bits are zero; else nothing.
std::optional<unsigned> PrefixOfNetmask(const IpAddress& netmask);

// The prefix of an address whose document says none: of its class for IPv4, 64 for IPv6. 0 for 0.0.0.0 and "::".
unsigned DefaultPrefix(const IpAddress& address);

// The address with all bits beyond the prefix zero, or one.
IpAddress FirstOfNetwork(const IpAddress& address, unsigned prefix);
IpAddress LastOfNetwork(const IpAddress& address, unsigned prefix);

// How many addresses there are from start to end, both of one family; at most `limit`. 0 when end is below start.
uint64_t CountOfRange(const IpAddress& start, const IpAddress& end, uint64_t limit);

}  // namespace reeve::formats
