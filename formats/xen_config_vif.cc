#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "formats/xen_config_devices.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

absl::Status Invalid(absl::string_view cause) { return Error(v1::REASON_SPEC_INVALID, cause); }

// "10MB/s", "10240KB/s@20ms": decimal bytes or bits per second, as kilobytes.
absl::StatusOr<uint64_t> ReadRate(absl::string_view text) {
  const absl::string_view rate = text.substr(0, text.find('@'));
  size_t digits = 0;
  while (digits < rate.size() && rate[digits] >= '0' && rate[digits] <= '9') ++digits;
  uint64_t number = 0;
  if (!absl::SimpleAtoi(rate.substr(0, digits), &number) || number > (uint64_t{1} << 40)) {
    return Invalid(absl::StrCat("rate ", Printable(text), " is not a number with a unit"));
  }
  const absl::string_view unit = rate.substr(digits);
  if (unit == "GB/s") return number * 1024 * 1024;
  if (unit == "MB/s") return number * 1024;
  if (unit == "KB/s") return number;
  if (unit == "B/s") return number / 1024;
  if (unit == "Gb/s") return number * 1024 * 1024 / 8;
  if (unit == "Mb/s") return number * 1024 / 8;
  if (unit == "Kb/s") return number / 8;
  if (unit == "b/s") return number / 1024 / 8;
  return Invalid(absl::StrCat("rate ", Printable(text), " has no known unit"));
}

}  // namespace

absl::StatusOr<v1::Interface> ReadXenInterface(absl::string_view text) {
  v1::Interface interface;
  std::string type;
  bool has_bridge = false;
  for (const absl::string_view item : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::vector<std::string> pair = absl::StrSplit(item, absl::MaxSplits('=', 1));
    if (pair.size() != 2) return Invalid(absl::StrCat("item ", Printable(item), " of an interface is not KEY=VALUE"));
    const std::string key(absl::StripAsciiWhitespace(pair[0]));
    const std::string& value = pair[1];
    if (key == "mac") {
      interface.set_mac_address(value);
    } else if (key == "bridge") {
      interface.set_source(value);
      has_bridge = true;
    } else if (key == "script") {
      interface.set_script(value);
    } else if (key == "model") {
      interface.set_model(value);
    } else if (key == "type") {
      type = value;
    } else if (key == "vifname") {
      interface.set_target_device(value);
    } else if (key == "backend") {
      interface.set_backend_domain(value);
    } else if (key == "ip") {
      for (const absl::string_view address : absl::StrSplit(value, ' ', absl::SkipEmpty())) {
        interface.add_addresses()->set_address(std::string(address));
      }
    } else if (key == "rate") {
      const auto rate = ReadRate(value);
      if (!rate.ok()) return rate.status();
      interface.mutable_bandwidth()->mutable_outbound()->set_average_kilobytes_per_second(*rate);
    } else {
      return Invalid(absl::StrCat("key ", Printable(key), " of an interface is not known"));
    }
  }
  if (interface.model().empty() && (type == "netfront" || type == "vif")) interface.set_model("netfront");
  const bool bridged = has_bridge || interface.script() == "vif-bridge" || interface.script() == "vif-vnic";
  interface.set_type(bridged ? v1::Interface::TYPE_BRIDGE : v1::Interface::TYPE_ETHERNET);
  return interface;
}

absl::StatusOr<std::string> WriteXenInterface(const v1::Interface& interface, XenDialect dialect, bool is_hvm) {
  std::string out = absl::StrCat("mac=", interface.mac_address());
  std::string addresses;
  for (const v1::InterfaceAddress& address : interface.addresses()) {
    absl::StrAppend(&addresses, addresses.empty() ? "" : " ", address.address());
  }
  std::string script = interface.script();
  if (interface.type() == v1::Interface::TYPE_BRIDGE) {
    absl::StrAppend(&out, ",bridge=", interface.source());
    if (script.empty()) script = "vif-bridge";
  } else if (interface.type() != v1::Interface::TYPE_ETHERNET) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("interface ", interface.mac_address(), " has a type that the format cannot express"));
  }
  if (!addresses.empty()) absl::StrAppend(&out, ",ip=", addresses);
  if (!script.empty()) absl::StrAppend(&out, ",script=", script);
  if (interface.model() == "netfront") {
    absl::StrAppend(&out, is_hvm && dialect == XenDialect::kXl ? ",type=vif" : ",type=netfront");
  } else if (!interface.model().empty()) {
    absl::StrAppend(&out, ",model=", interface.model());
  }
  if (!interface.target_device().empty()) absl::StrAppend(&out, ",vifname=", interface.target_device());
  if (!interface.backend_domain().empty()) absl::StrAppend(&out, ",backend=", interface.backend_domain());
  if (interface.bandwidth().outbound().average_kilobytes_per_second() != 0) {
    absl::StrAppend(&out, ",rate=", interface.bandwidth().outbound().average_kilobytes_per_second(), "KB/s");
  }
  return out;
}

}  // namespace reeve::formats
