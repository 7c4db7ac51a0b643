#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "formats/ip_address.h"
#include "formats/mac_address.h"
#include "formats/network_filter_fields.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Result = absl::StatusOr<std::string>;

struct NamedNumber {
  absl::string_view name;
  uint32_t number;
};

constexpr NamedNumber kEtherTypes[] = {
    {"arp", 0x806}, {"rarp", 0x8035}, {"ipv4", 0x800}, {"ipv6", 0x86dd}, {"vlan", 0x8100},
};
constexpr NamedNumber kArpOpcodes[] = {
    {"Request", 1},     {"Reply", 2},       {"Request_Reverse", 3}, {"Reply_Reverse", 4}, {"DRARP_Request", 5},
    {"DRARP_Reply", 6}, {"DRARP_Error", 7}, {"InARP_Request", 8},   {"ARP_NAK", 9},
};
constexpr NamedNumber kIpProtocols[] = {
    {"tcp", 6},  {"udp", 17}, {"udplite", 136}, {"esp", 50},    {"ah", 51},
    {"icmp", 1}, {"igmp", 2}, {"sctp", 132},    {"icmpv6", 58},
};
constexpr absl::string_view kStates[] = {"NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE"};
// By their bits in the TCP header.
constexpr absl::string_view kTcpFlags[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
constexpr size_t kMaxSetName = 31;
constexpr size_t kMaxComment = 256;
constexpr size_t kMaxSetFlags = 6;

absl::Status Bad(absl::string_view text, absl::string_view cause) {
  const std::string shown = Printable(text);
  return Error(v1::REASON_SPEC_INVALID, absl::StrCat("is '", shown, "', ", cause), {{"value", shown}});
}

struct Number {
  uint32_t value = 0;
  bool is_hex = false;
};

std::string ToText(const Number& number) {
  return number.is_hex ? absl::StrFormat("0x%x", number.value) : absl::StrCat(number.value);
}

// Decimal; else hexadecimal, with or without "0x".
std::optional<Number> ParseNumber(absl::string_view text, uint32_t max, bool allow_hex = true) {
  Number number;
  absl::string_view digits = text;
  if (absl::StartsWithIgnoreCase(digits, "0x")) {
    number.is_hex = true;
    digits.remove_prefix(2);
  } else {
    number.is_hex = !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit);
  }
  if (digits.empty() || digits.size() > 10 || (number.is_hex && !allow_hex)) return std::nullopt;
  uint64_t value = 0;
  for (const char digit : digits) {
    if (!absl::ascii_isxdigit(digit)) return std::nullopt;
    const int worth = absl::ascii_isdigit(digit) ? digit - '0' : absl::ascii_tolower(digit) - 'a' + 10;
    value = value * (number.is_hex ? 16 : 10) + static_cast<uint64_t>(worth);
  }
  if (value > max) return std::nullopt;
  number.value = static_cast<uint32_t>(value);
  return number;
}

Result NormalNumber(absl::string_view text, uint32_t max, bool allow_hex = true) {
  const auto number = ParseNumber(text, max, allow_hex);
  if (!number) return Bad(text, absl::StrCat("not a number from 0 to ", max));
  return ToText(*number);
}

// A name, or a number within bounds, which becomes its name where it has one.
Result NormalNamed(absl::string_view text, absl::Span<const NamedNumber> names, uint32_t min, uint32_t max) {
  for (const NamedNumber& known : names) {
    if (absl::EqualsIgnoreCase(known.name, text)) return std::string(known.name);
  }
  const auto number = ParseNumber(text, max);
  if (!number || number->value < min)
    return Bad(text, absl::StrCat("neither a name nor a number from ", min, " to ", max));
  for (const NamedNumber& known : names) {
    if (known.number == number->value) return std::string(known.name);
  }
  return ToText(*number);
}

Result NormalMac(absl::string_view text) {
  auto address = NormalMacAddress(text);
  if (!address) return Bad(text, "not a hardware address");
  return *std::move(address);
}

// Bytes of a mask may have zeros between ones, but not the other way round: libvirt's own rule for ebtables.
Result NormalMacMask(absl::string_view text) {
  auto mask = NormalMac(text);
  if (!mask.ok()) return mask;
  bool ended = false;
  for (const absl::string_view byte : absl::StrSplit(*mask, ':')) {
    const uint32_t bits = ParseNumber(absl::StrCat("0x", byte), 0xff)->value;
    for (uint32_t bit = 0x80; bit != 0; bit >>= 1) {
      if ((bits & bit) == 0) {
        ended = true;
      } else if (ended) {
        return Bad(text, "not a mask of ones and then zeros");
      }
    }
  }
  return mask;
}

Result NormalIp(absl::string_view text, bool is_ipv6) {
  const auto address = ParseIpAddress(text);
  if (!address || address->is_ipv6 != is_ipv6)
    return Bad(text, is_ipv6 ? "not an IPv6 address" : "not an IPv4 address");
  return ToString(*address);
}

Result NormalMask(absl::string_view text, bool is_ipv6) {
  const uint32_t max = is_ipv6 ? 128 : 32;
  if (const auto number = ParseNumber(text, max, false)) return absl::StrCat(number->value);
  const auto mask = ParseIpAddress(text);
  if (!mask || mask->is_ipv6 != is_ipv6)
    return Bad(text, absl::StrCat("neither a netmask nor a number from 0 to ", max));
  const auto prefix = PrefixOfNetmask(*mask);
  if (!prefix) return Bad(text, "not a netmask of ones and then zeros");
  return absl::StrCat(*prefix);
}

// Words as a set of bits; nothing when one is not known.
std::optional<uint32_t> BitsOf(absl::string_view text, absl::Span<const absl::string_view> words) {
  uint32_t bits = 0;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::string_view word = absl::StripAsciiWhitespace(part);
    const auto known = std::find_if(words.begin(), words.end(),
                                    [&](absl::string_view name) { return absl::EqualsIgnoreCase(name, word); });
    if (known == words.end()) return std::nullopt;
    bits |= 1u << (known - words.begin());
  }
  return bits;
}

std::string WordsOf(uint32_t bits, absl::Span<const absl::string_view> words) {
  std::vector<absl::string_view> chosen;
  for (size_t i = 0; i < words.size(); ++i) {
    if ((bits & (1u << i)) != 0) chosen.push_back(words[i]);
  }
  return absl::StrJoin(chosen, ",");
}

Result NormalState(absl::string_view text) {
  const auto bits = BitsOf(text, kStates);
  if (!bits) return Bad(text, "not a list of NEW, ESTABLISHED, RELATED, INVALID and NONE");
  return WordsOf(*bits, kStates);
}

Result NormalFlags(absl::string_view text) {
  constexpr uint32_t kAll = 0x3f;
  if (absl::EqualsIgnoreCase(text, "ALL")) return std::string("ALL");
  if (absl::EqualsIgnoreCase(text, "NONE")) return std::string("NONE");
  const auto bits = BitsOf(text, kTcpFlags);
  if (!bits) return Bad(text, "not a list of FIN, SYN, RST, PSH, ACK and URG, ALL or NONE");
  return *bits == kAll ? std::string("ALL") : WordsOf(*bits, kTcpFlags);
}

Result NormalTcpFlags(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (text.find('/') == absl::string_view::npos) return Bad(text, "not two lists of flags with a slash between");
  auto mask = NormalFlags(parts.first);
  if (!mask.ok()) return mask;
  auto flags = NormalFlags(parts.second);
  if (!flags.ok()) return flags;
  return absl::StrCat(*mask, "/", *flags);
}

Result NormalSetName(absl::string_view text) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("_.:-+ ").find(c) != absl::string_view::npos;
  };
  if (text.empty() || text.size() > kMaxSetName || !std::all_of(text.begin(), text.end(), allowed)) {
    return Bad(text, "not a name of 1 to 31 letters, digits and _.:-+");
  }
  return std::string(text);
}

Result NormalSetFlags(absl::string_view text) {
  std::vector<std::string> flags;
  for (const absl::string_view part : absl::StrSplit(text, ',')) flags.push_back(absl::AsciiStrToLower(part));
  const bool known =
      std::all_of(flags.begin(), flags.end(), [](const std::string& f) { return f == "src" || f == "dst"; });
  if (!known || flags.size() > kMaxSetFlags) return Bad(text, "not one to six of src and dst");
  return absl::StrJoin(flags, ",");
}

Result NormalBoolean(absl::string_view text) {
  if (text == "1" || absl::EqualsIgnoreCase(text, "true") || absl::EqualsIgnoreCase(text, "yes"))
    return std::string("true");
  if (text == "0" || absl::EqualsIgnoreCase(text, "false") || absl::EqualsIgnoreCase(text, "no"))
    return std::string("false");
  return Bad(text, "neither true nor false");
}

// "$NAME", "$NAME[2]" (that element), "$NAME[@1]" (an iterator; the first is that of a variable without one).
Result NormalVariable(absl::string_view text) {
  const absl::Status bad = Bad(text, "not a variable as $NAME, $NAME[2] or $NAME[@1]");
  absl::string_view rest = absl::StripAsciiWhitespace(text.substr(1));
  size_t end = 0;
  while (end < rest.size() && (absl::ascii_isalnum(rest[end]) || rest[end] == '_')) ++end;
  const absl::string_view name = rest.substr(0, end);
  rest = absl::StripAsciiWhitespace(rest.substr(end));
  if (name.empty()) return bad;
  if (rest.empty()) return absl::StrCat("$", name);
  if (rest.size() < 3 || rest.front() != '[' || rest.back() != ']') return bad;
  rest = absl::StripAsciiWhitespace(rest.substr(1, rest.size() - 2));
  const bool is_iterator = !rest.empty() && rest.front() == '@';
  if (is_iterator) rest.remove_prefix(1);
  // The kernel could not follow more iterators than this anyway; libvirt's bound.
  const auto number = ParseNumber(rest, is_iterator ? 1000 : 0x7fffffff, false);
  if (!number) return bad;
  if (is_iterator && number->value == 0) return absl::StrCat("$", name);
  return absl::StrCat("$", name, "[", is_iterator ? "@" : "", number->value, "]");
}

}  // namespace

Result NormalFieldValue(FieldType type, absl::string_view text) {
  if (type != FieldType::kComment && !text.empty() && text.front() == '$') return NormalVariable(text);
  switch (type) {
    case FieldType::kMac:
      return NormalMac(text);
    case FieldType::kMacMask:
      return NormalMacMask(text);
    case FieldType::kIpv4:
      return NormalIp(text, false);
    case FieldType::kIpv4Mask:
      return NormalMask(text, false);
    case FieldType::kIpv6:
      return NormalIp(text, true);
    case FieldType::kIpv6Mask:
      return NormalMask(text, true);
    case FieldType::kNumber8:
      return NormalNumber(text, 0xff);
    case FieldType::kNumber16:
      return NormalNumber(text, 0xffff);
    case FieldType::kNumber32:
      return NormalNumber(text, 0xffffffff);
    case FieldType::kDecimal16:
      return NormalNumber(text, 0xffff, false);
    case FieldType::kDscp:
      return NormalNumber(text, 63);
    case FieldType::kVlan:
      return NormalNumber(text, 4095);
    case FieldType::kEtherType:
      return NormalNamed(text, kEtherTypes, 0x600, 0xffff);
    case FieldType::kArpOpcode:
      return NormalNamed(text, kArpOpcodes, 0, 0xffff);
    case FieldType::kIpProtocol:
      return NormalNamed(text, kIpProtocols, 0, 0xff);
    case FieldType::kBoolean:
      return NormalBoolean(text);
    case FieldType::kState:
      return NormalState(text);
    case FieldType::kTcpFlags:
      return NormalTcpFlags(text);
    case FieldType::kSetName:
      return NormalSetName(text);
    case FieldType::kSetFlags:
      return NormalSetFlags(text);
    case FieldType::kComment:
      if (text.size() > kMaxComment) return Bad(text, "longer than 256 bytes");
      return std::string(text);
  }
  return Bad(text, "of a type that is not known");
}

}  // namespace reeve::formats
