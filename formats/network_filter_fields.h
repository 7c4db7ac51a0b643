// The protocols that rules of a network filter match, their fields in the order in which they are written, and the
// values that fields take. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace reeve::formats {

enum class FieldType {
  kMac,
  kMacMask,
  kIpv4,
  kIpv4Mask,  // as prefix length or netmask
  kIpv6,
  kIpv6Mask,
  kNumber8,
  kNumber16,
  kNumber32,
  kDecimal16,   // hexadecimal is not taken
  kDscp,        // 0 to 63
  kVlan,        // 0 to 4095
  kEtherType,   // 0x600 to 0xffff, or a name
  kArpOpcode,   // a number or a name
  kIpProtocol,  // a number or a name
  kBoolean,
  kState,     // states of a connection, separated by commas
  kTcpFlags,  // flags that are looked at, "/", flags that are set
  kSetName,   // of ipset
  kSetFlags,  // one to six of "src" and "dst"
  kComment,   // at most 256 bytes
};

struct FilterField {
  absl::string_view name;
  FieldType type;
};

struct FilterProtocol {
  absl::string_view name;
  absl::Span<const FilterField> fields;
};

// All protocols; the fields of each in order.
absl::Span<const FilterProtocol> FilterProtocols();
// Null for other names.
const FilterProtocol* FindFilterProtocol(absl::string_view name);

// A value in its normal form: addresses in full, masks as prefix length, numbers as decimal or "0x...", whichever they
// were, names where there are. Variables ("$IP[@1]") are taken for all but comments. Else SPEC_INVALID with a message
// that begins with a verb.
absl::StatusOr<std::string> NormalFieldValue(FieldType type, absl::string_view text);

}  // namespace reeve::formats
