#include "formats/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reeve::formats {
namespace {

int FamilyOf(const IpAddress& address) {
  return address.is_ipv6 ? AF_INET6 : AF_INET;
}

bool IsZero(const IpAddress& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(), [](uint8_t byte) { return byte == 0; });
}

// The bits of byte `index` that belong to the prefix.
uint8_t MaskOfByte(size_t index, unsigned prefix) {
  const unsigned before = static_cast<unsigned>(index) * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<uint8_t>(0xff << (8 - (prefix - before)));
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(absl::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != absl::string_view::npos) return std::nullopt;
  const std::string copy(text);
  IpAddress address;
  address.is_ipv6 = copy.find(':') != std::string::npos;
  if (inet_pton(FamilyOf(address), copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string ToString(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(FamilyOf(address), address.bytes.data(), text, sizeof(text));
  return text;
}

bool operator==(const IpAddress& left, const IpAddress& right) {
  return left.is_ipv6 == right.is_ipv6 && left.bytes == right.bytes;
}

std::optional<unsigned> PrefixOfNetmask(const IpAddress& netmask) {
  unsigned prefix = 0;
  while (prefix < netmask.bits() && (netmask.bytes[prefix / 8] & (0x80 >> (prefix % 8))) != 0) ++prefix;
  for (size_t i = 0; i < netmask.size(); ++i) {
    if (netmask.bytes[i] != MaskOfByte(i, prefix)) return std::nullopt;
  }
  return prefix;
}

unsigned DefaultPrefix(const IpAddress& address) {
  if (IsZero(address)) return 0;
  if (address.is_ipv6) return 64;
  if (address.bytes[0] < 128) return 8;
  if (address.bytes[0] < 192) return 16;
  return address.bytes[0] < 224 ? 24 : 32;
}

IpAddress FirstOfNetwork(const IpAddress& address, unsigned prefix) {
  IpAddress first = address;
  for (size_t i = 0; i < first.size(); ++i) first.bytes[i] &= MaskOfByte(i, prefix);
  return first;
}

IpAddress LastOfNetwork(const IpAddress& address, unsigned prefix) {
  IpAddress last = address;
  for (size_t i = 0; i < last.size(); ++i) last.bytes[i] |= static_cast<uint8_t>(~MaskOfByte(i, prefix));
  return last;
}

uint64_t CountOfRange(const IpAddress& start, const IpAddress& end, uint64_t limit) {
  if (start.is_ipv6 != end.is_ipv6 || end.bytes < start.bytes) return 0;
  // Byte by byte from the highest; beyond the limit it cannot come back: end is not below start.
  __int128 distance = 0;
  for (size_t i = 0; i < start.size(); ++i) {
    distance = distance * 256 + end.bytes[i] - start.bytes[i];
    if (distance > (static_cast<__int128>(1) << 72)) return limit;
  }
  const __int128 count = distance + 1;
  return count < static_cast<__int128>(limit) ? static_cast<uint64_t>(count) : limit;
}

}  // namespace reeve::formats
