#include "formats/network_filter_fields.h"

#include <array>

namespace reeve::formats {
namespace {

using Type = FieldType;

constexpr FilterField kComment{"comment", Type::kComment};

// Fields that many protocols begin with.
#define REEVE_MAC_FIELDS                                                                    \
  {"srcmacaddr", Type::kMac}, {"srcmacmask", Type::kMacMask}, {"dstmacaddr", Type::kMac}, { \
    "dstmacmask", Type::kMacMask                                                            \
  }
#define REEVE_ADDRESS_FIELDS(ADDRESS, MASK)                              \
  {"srcipaddr", ADDRESS}, {"srcipmask", MASK}, {"dstipaddr", ADDRESS}, { \
    "dstipmask", MASK                                                    \
  }
#define REEVE_PORT_FIELDS                                                                                  \
  {"srcportstart", Type::kNumber16}, {"srcportend", Type::kNumber16}, {"dstportstart", Type::kNumber16}, { \
    "dstportend", Type::kNumber16                                                                          \
  }
#define REEVE_IP_FIELDS(ADDRESS, MASK)                                                                            \
  {"srcmacaddr", Type::kMac}, REEVE_ADDRESS_FIELDS(ADDRESS, MASK), {"srcipfrom", ADDRESS}, {"srcipto", ADDRESS},  \
      {"dstipfrom", ADDRESS}, {"dstipto", ADDRESS}, {"dscp", Type::kDscp}, {"connlimit-above", Type::kDecimal16}, \
      {"state", Type::kState}, {"ipset", Type::kSetName}, {                                                       \
    "ipsetflags", Type::kSetFlags                                                                                 \
  }
#define REEVE_ICMP_FIELDS     \
  {"type", Type::kNumber8}, { \
    "code", Type::kNumber8    \
  }
#define REEVE_IPV4 REEVE_IP_FIELDS(Type::kIpv4, Type::kIpv4Mask)
#define REEVE_IPV6 REEVE_IP_FIELDS(Type::kIpv6, Type::kIpv6Mask)

constexpr FilterField kMacFields[] = {REEVE_MAC_FIELDS, {"protocolid", Type::kEtherType}, kComment};
constexpr FilterField kVlanFields[] = {
    REEVE_MAC_FIELDS, {"vlanid", Type::kVlan}, {"encap-protocol", Type::kEtherType}, kComment};
constexpr FilterField kStpFields[] = {
    {"srcmacaddr", Type::kMac},
    {"srcmacmask", Type::kMacMask},
    {"type", Type::kNumber8},
    {"flags", Type::kNumber8},
    {"root-priority", Type::kNumber16},
    {"root-priority-hi", Type::kNumber16},
    {"root-address", Type::kMac},
    {"root-address-mask", Type::kMacMask},
    {"root-cost", Type::kNumber32},
    {"root-cost-hi", Type::kNumber32},
    {"sender-priority", Type::kNumber16},
    {"sender-priority-hi", Type::kNumber16},
    {"sender-address", Type::kMac},
    {"sender-address-mask", Type::kMacMask},
    {"port", Type::kNumber16},
    {"port-hi", Type::kNumber16},
    {"age", Type::kNumber16},
    {"age-hi", Type::kNumber16},
    {"max-age", Type::kNumber16},
    {"max-age-hi", Type::kNumber16},
    {"hello-time", Type::kNumber16},
    {"hello-time-hi", Type::kNumber16},
    {"forward-delay", Type::kNumber16},
    {"forward-delay-hi", Type::kNumber16},
    kComment,
};
constexpr FilterField kArpFields[] = {
    REEVE_MAC_FIELDS,
    {"hwtype", Type::kNumber16},
    {"protocoltype", Type::kNumber16},
    {"opcode", Type::kArpOpcode},
    {"arpsrcmacaddr", Type::kMac},
    {"arpdstmacaddr", Type::kMac},
    {"arpsrcipaddr", Type::kIpv4},
    {"arpsrcipmask", Type::kIpv4Mask},
    {"arpdstipaddr", Type::kIpv4},
    {"arpdstipmask", Type::kIpv4Mask},
    {"gratuitous", Type::kBoolean},
    kComment,
};
constexpr FilterField kIpFields[] = {
    REEVE_MAC_FIELDS,
    REEVE_ADDRESS_FIELDS(Type::kIpv4, Type::kIpv4Mask),
    {"protocol", Type::kIpProtocol},
    REEVE_PORT_FIELDS,
    {"dscp", Type::kDscp},
    kComment,
};
constexpr FilterField kIpv6Fields[] = {
    REEVE_MAC_FIELDS,
    REEVE_ADDRESS_FIELDS(Type::kIpv6, Type::kIpv6Mask),
    {"protocol", Type::kIpProtocol},
    REEVE_PORT_FIELDS,
    {"type", Type::kNumber8},
    {"typeend", Type::kNumber8},
    {"code", Type::kNumber8},
    {"codeend", Type::kNumber8},
    kComment,
};
constexpr FilterField kTcpFields[] = {
    REEVE_IPV4, REEVE_PORT_FIELDS, {"option", Type::kNumber8}, {"flags", Type::kTcpFlags}, kComment};
constexpr FilterField kTcpIpv6Fields[] = {REEVE_IPV6, REEVE_PORT_FIELDS, {"option", Type::kNumber8}, kComment};
constexpr FilterField kPortFields[] = {REEVE_IPV4, REEVE_PORT_FIELDS, kComment};
constexpr FilterField kPortIpv6Fields[] = {REEVE_IPV6, REEVE_PORT_FIELDS, kComment};
constexpr FilterField kIcmpFields[] = {REEVE_IPV4, REEVE_ICMP_FIELDS, kComment};
constexpr FilterField kIcmpv6Fields[] = {REEVE_IPV6, REEVE_ICMP_FIELDS, kComment};
constexpr FilterField kPlainFields[] = {REEVE_IPV4, kComment};
constexpr FilterField kPlainIpv6Fields[] = {REEVE_IPV6, kComment};

#undef REEVE_MAC_FIELDS
#undef REEVE_ADDRESS_FIELDS
#undef REEVE_PORT_FIELDS
#undef REEVE_IP_FIELDS
#undef REEVE_ICMP_FIELDS
#undef REEVE_IPV4
#undef REEVE_IPV6

const FilterProtocol kProtocols[] = {
    {"mac", kMacFields},
    {"vlan", kVlanFields},
    {"stp", kStpFields},
    {"arp", kArpFields},
    {"rarp", kArpFields},
    {"ip", kIpFields},
    {"ipv6", kIpv6Fields},
    {"tcp", kTcpFields},
    {"udp", kPortFields},
    {"udplite", kPlainFields},
    {"esp", kPlainFields},
    {"ah", kPlainFields},
    {"sctp", kPortFields},
    {"icmp", kIcmpFields},
    {"igmp", kPlainFields},
    {"all", kPlainFields},
    {"tcp-ipv6", kTcpIpv6Fields},
    {"udp-ipv6", kPortIpv6Fields},
    {"udplite-ipv6", kPlainIpv6Fields},
    {"esp-ipv6", kPlainIpv6Fields},
    {"ah-ipv6", kPlainIpv6Fields},
    {"sctp-ipv6", kPortIpv6Fields},
    {"icmpv6", kIcmpv6Fields},
    {"all-ipv6", kPlainIpv6Fields},
};

}  // namespace

absl::Span<const FilterProtocol> FilterProtocols() {
  return kProtocols;
}

const FilterProtocol* FindFilterProtocol(absl::string_view name) {
  for (const FilterProtocol& protocol : kProtocols) {
    if (protocol.name == name) return &protocol;
  }
  return nullptr;
}

}  // namespace reeve::formats
