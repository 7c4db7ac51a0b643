#include "drivers/lxc/validate.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "drivers/lxc/addresses.h"
#include "drivers/lxc/capability_set.h"
#include "drivers/lxc/signals.h"
#include "drivers/lxc/supported_fields.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

constexpr int kMaximumList = 256;
constexpr int kMaximumIdRanges = 340;  // user_namespaces(7)
constexpr size_t kMaximumArgument = 32768;
constexpr int kMaximumConsoles = 16;
constexpr size_t kMaximumPath = 4095;
constexpr size_t kMaximumDeviceName = 15;  // IFNAMSIZ - 1

// Gathers what is wrong.
class Violations {
 public:
  void Invalid(std::string field, std::string why) { invalid_.emplace_back(std::move(field), std::move(why)); }
  void Unsupported(std::string field, std::string why) { unsupported_.emplace_back(std::move(field), std::move(why)); }

  absl::Status ToStatus() const {
    if (invalid_.empty() && unsupported_.empty()) return absl::OkStatus();
    const auto& first = invalid_.empty() ? unsupported_.front() : invalid_.front();
    absl::Status status = Error(invalid_.empty() ? v1::REASON_SPEC_UNSUPPORTED : v1::REASON_SPEC_INVALID,
                                absl::StrCat(first.first, ": ", first.second), {{"field", first.first}});
    for (const auto& [field, why] : invalid_) AddFieldViolation(&status, field, why);
    for (const auto& [field, why] : unsupported_) AddFieldViolation(&status, field, why);
    return status;
  }

 private:
  std::vector<std::pair<std::string, std::string>> invalid_;
  std::vector<std::pair<std::string, std::string>> unsupported_;
};

// Absolute, without "..", of a length the kernel takes.
std::optional<std::string> PathFault(const std::string& path) {
  if (path.empty()) return "is missing";
  if (path[0] != '/') return absl::StrCat("'", path, "' is not an absolute path");
  if (path.size() > kMaximumPath) return "is longer than 4095 bytes";
  if (path.find('\0') != std::string::npos) return "has a zero byte in it";
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return absl::StrCat("'", path, "' has \"..\" in it");
    if (part.size() > 255) return "has a part longer than 255 bytes";
  }
  return std::nullopt;
}

void CheckPath(const std::string& path, const std::string& field, Violations* violations) {
  if (auto fault = PathFault(path)) violations->Invalid(field, *fault);
}

bool HasZero(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

void CheckOperatingSystem(const v1::OperatingSystem& os, Violations* violations) {
  if (!os.type().empty() && os.type() != "exe") {
    violations->Unsupported("os.type", absl::StrCat("'", os.type(), "' is not \"exe\""));
  }
  if (!os.architecture().empty() && os.architecture() != "x86_64" && os.architecture() != "i686") {
    violations->Unsupported("os.architecture", absl::StrCat("'", os.architecture(), "' does not run here"));
  }
  if (!os.init().empty()) CheckPath(os.init(), "os.init", violations);
  if (!os.init_directory().empty()) CheckPath(os.init_directory(), "os.init_directory", violations);
  if (os.init_arguments_size() > kMaximumList) violations->Invalid("os.init_arguments", "has more than 256 elements");
  if (os.init_environment_size() > kMaximumList)
    violations->Invalid("os.init_environment", "has more than 256 elements");
  for (int i = 0; i < os.init_arguments_size(); ++i) {
    if (HasZero(os.init_arguments(i)) || os.init_arguments(i).size() > kMaximumArgument) {
      violations->Invalid(absl::StrCat("os.init_arguments[", i, "]"), "is too long or has a zero byte in it");
    }
  }
  for (int i = 0; i < os.init_environment_size(); ++i) {
    const auto& [name, value] = std::pair(os.init_environment(i).name(), os.init_environment(i).value());
    const std::string field = absl::StrCat("os.init_environment[", i, "]");
    const bool starts = !name.empty() && (absl::ascii_isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
    const bool sound =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
    if (!starts || !sound || name.size() > 4096)
      violations->Invalid(absl::StrCat(field, ".name"), "is not a variable's name");
    if (HasZero(value) || value.size() > kMaximumArgument) {
      violations->Invalid(absl::StrCat(field, ".value"), "is too long or has a zero byte in it");
    }
  }
  for (const auto& [field, text] :
       {std::pair("os.init_user", os.init_user()), std::pair("os.init_group", os.init_group()),
        std::pair("os.command_line", os.command_line())}) {
    if (HasZero(text) || text.size() > 4096) violations->Invalid(field, "is too long or has a zero byte in it");
  }
}

void CheckIdRanges(const google::protobuf::RepeatedPtrField<v1::IdMapping>& ranges, const std::string& field,
                   Violations* violations) {
  if (ranges.empty()) {
    violations->Invalid(field, "is empty");
    return;
  }
  if (ranges.size() > kMaximumIdRanges) violations->Invalid(field, "has more than 340 elements");
  if (ranges[0].start() != 0) violations->Invalid(absl::StrCat(field, "[0].start"), "is not 0");
  for (int i = 0; i < ranges.size() && i < kMaximumIdRanges; ++i) {
    const v1::IdMapping& range = ranges[i];
    const std::string place = absl::StrCat(field, "[", i, "]");
    if (range.count() == 0) violations->Invalid(absl::StrCat(place, ".count"), "is 0");
    const auto over = [&](uint64_t first) { return first + range.count() > uint64_t{UINT32_MAX}; };
    if (over(range.start()) || over(range.target())) violations->Invalid(place, "goes beyond the largest id");
    for (int j = 0; j < i; ++j) {
      const v1::IdMapping& other = ranges[j];
      const auto overlap = [&](uint64_t a, uint64_t b) { return a < b + other.count() && b < a + range.count(); };
      if (overlap(range.start(), other.start()) || overlap(range.target(), other.target())) {
        violations->Invalid(place, absl::StrCat("overlaps element ", j));
        break;
      }
    }
  }
}

void CheckFilesystems(const v1::Devices& devices, Violations* violations) {
  int roots = 0;
  for (int i = 0; i < devices.filesystems_size(); ++i) {
    const v1::Filesystem& filesystem = devices.filesystems(i);
    const std::string field = absl::StrCat("devices.filesystems[", i, "]");
    CheckPath(filesystem.target(), absl::StrCat(field, ".target"), violations);
    const bool root = !filesystem.target().empty() && filesystem.target().find_first_not_of('/') == std::string::npos;
    if (root) ++roots;
    switch (filesystem.type()) {
      case v1::Filesystem::TYPE_UNSPECIFIED:
      case v1::Filesystem::TYPE_MOUNT:
        CheckPath(filesystem.source(), absl::StrCat(field, ".source"), violations);
        break;
      case v1::Filesystem::TYPE_BIND:
        CheckPath(filesystem.source(), absl::StrCat(field, ".source"), violations);
        if (root)
          violations->Invalid(absl::StrCat(field, ".type"), "the root cannot be a directory of the guest itself");
        break;
      case v1::Filesystem::TYPE_RAM:
        if (filesystem.ram_size_kib() == 0) violations->Invalid(absl::StrCat(field, ".ram_size_kib"), "is 0");
        if (filesystem.ram_size_kib() > (uint64_t{1} << 52)) {
          violations->Invalid(absl::StrCat(field, ".ram_size_kib"), "is too large");
        }
        if (root) violations->Unsupported(absl::StrCat(field, ".type"), "the root cannot be a ram file system");
        break;
      default:
        violations->Unsupported(absl::StrCat(field, ".type"),
                                absl::StrCat(v1::Filesystem::Type_Name(filesystem.type()), " is not supported"));
    }
    if (filesystem.access_mode() > v1::Filesystem::ACCESS_MODE_PASSTHROUGH) {
      violations->Unsupported(absl::StrCat(field, ".access_mode"), "only passthrough is supported");
    }
    if (filesystem.has_space_hard_limit_kib() || filesystem.has_space_soft_limit_kib()) {
      violations->Unsupported(absl::StrCat(field, ".space_hard_limit_kib"), "limits of space are not supported");
    }
  }
  if (roots > 1) violations->Invalid("devices.filesystems", "more than one has the target \"/\"");
}

void CheckDeviceName(const std::string& name, const std::string& field, Violations* violations) {
  if (name.empty()) return;
  const bool sound = name != "." && name != ".." && std::none_of(name.begin(), name.end(), [](unsigned char c) {
                       return c <= ' ' || c == '/' || c == ':' || c == '%' || c >= 0x7f;
                     });
  if (!sound || name.size() > kMaximumDeviceName) {
    violations->Invalid(field, absl::StrCat("'", name, "' is not an interface's name of at most 15 bytes"));
  }
}

void CheckAddresses(const v1::Interface& interface, const std::string& field, Violations* violations) {
  for (int i = 0; i < interface.addresses_size(); ++i) {
    const v1::InterfaceAddress& address = interface.addresses(i);
    const std::string place = absl::StrCat(field, ".addresses[", i, "]");
    const std::string bytes = ParseAddress(address.address());
    if (bytes.empty()) violations->Invalid(absl::StrCat(place, ".address"), "is not an IPv4 or IPv6 address");
    if (address.has_prefix() && (address.prefix() < 1 || address.prefix() > bytes.size() * 8)) {
      violations->Invalid(absl::StrCat(place, ".prefix"), "is out of range");
    }
    if (!address.peer().empty() && ParseAddress(address.peer()).size() != bytes.size()) {
      violations->Invalid(absl::StrCat(place, ".peer"), "is not an address of the same family");
    }
  }
  for (int i = 0; i < interface.routes_size(); ++i) {
    const v1::InterfaceRoute& route = interface.routes(i);
    const std::string place = absl::StrCat(field, ".routes[", i, "]");
    const size_t size = route.family() == "ipv6" || absl::StrContains(route.destination(), ":") ? 16 : 4;
    if (!route.destination().empty() && ParseAddress(route.destination()).size() != size) {
      violations->Invalid(absl::StrCat(place, ".destination"), "is not an address of the route's family");
    }
    if (!route.gateway().empty() && ParseAddress(route.gateway()).size() != size) {
      violations->Invalid(absl::StrCat(place, ".gateway"), "is not an address of the route's family");
    }
    if (route.prefix() > size * 8) violations->Invalid(absl::StrCat(place, ".prefix"), "is out of range");
  }
}

void CheckInterfaces(const v1::DomainSpec& spec, Violations* violations) {
  const auto& interfaces = spec.devices().interfaces();
  if (!interfaces.empty() && spec.network_mode() == v1::NETWORK_MODE_HOST) {
    violations->Invalid("network_mode", "a guest in the host's network cannot have interfaces of its own");
  }
  std::set<std::string> names;
  for (int i = 0; i < interfaces.size(); ++i) {
    const v1::Interface& interface = interfaces[i];
    const std::string field = absl::StrCat("devices.interfaces[", i, "]");
    if (interface.type() == v1::Interface::TYPE_UNSPECIFIED) {
      violations->Invalid(absl::StrCat(field, ".type"), "is missing");
    } else if (interface.type() == v1::Interface::TYPE_BRIDGE) {
      if (interface.source().empty()) violations->Invalid(absl::StrCat(field, ".source"), "is missing");
      CheckDeviceName(interface.source(), absl::StrCat(field, ".source"), violations);
    } else if (interface.type() != v1::Interface::TYPE_ETHERNET) {
      violations->Unsupported(absl::StrCat(field, ".type"),
                              absl::StrCat(v1::Interface::Type_Name(interface.type()), " is not supported"));
    }
    if (!interface.mac_address().empty() && ParseMac(interface.mac_address()).empty()) {
      violations->Invalid(absl::StrCat(field, ".mac_address"),
                          absl::StrCat("'", interface.mac_address(), "' is not a unicast hardware address"));
    }
    CheckDeviceName(interface.target_device(), absl::StrCat(field, ".target_device"), violations);
    CheckDeviceName(interface.guest_device(), absl::StrCat(field, ".guest_device"), violations);
    const std::string guest = interface.guest_device().empty() ? absl::StrCat("eth", i) : interface.guest_device();
    if (guest == "lo" || !names.insert(guest).second) {
      violations->Invalid(absl::StrCat(field, ".guest_device"), absl::StrCat("'", guest, "' is used twice"));
    }
    if (interface.has_mtu() && (interface.mtu() < 68 || interface.mtu() > 65535)) {
      violations->Invalid(absl::StrCat(field, ".mtu"), "is not from 68 to 65535");
    }
    CheckAddresses(interface, field, violations);
  }
}

void CheckDevices(const v1::DomainSpec& spec, Violations* violations) {
  const v1::Devices& devices = spec.devices();
  for (const auto& [field, size] : {std::pair("devices.filesystems", devices.filesystems_size()),
                                    std::pair("devices.interfaces", devices.interfaces_size())}) {
    if (size > kMaximumList) {
      violations->Invalid(field, "has more than 256 elements");
      return;
    }
  }
  CheckFilesystems(devices, violations);
  CheckInterfaces(spec, violations);
  if (devices.consoles_size() > kMaximumConsoles)
    violations->Unsupported("devices.consoles", "has more than 16 elements");
  for (int i = 0; i < devices.consoles_size() && i < kMaximumConsoles; ++i) {
    const v1::Console& console = devices.consoles(i);
    const std::string field = absl::StrCat("devices.consoles[", i, "]");
    if (!console.type().empty() && console.type() != "pty") {
      violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", console.type(), "' is not \"pty\""));
    }
    if (!console.target_type().empty() && console.target_type() != "lxc") {
      violations->Unsupported(absl::StrCat(field, ".target_type"),
                              absl::StrCat("'", console.target_type(), "' is not \"lxc\""));
    }
    if (console.has_target_port() && console.target_port() != static_cast<uint32_t>(i)) {
      violations->Unsupported(absl::StrCat(field, ".target_port"), "is not its place in the list");
    }
  }
  if (devices.disks_size() > 0) violations->Unsupported("devices.disks[0]", "disks are not supported");
}

void CheckTuning(const v1::DomainSpec& spec, Violations* violations) {
  const v1::CpuTuning& cpu = spec.cpu_tuning();
  if (cpu.has_shares() && (cpu.shares() < 2 || cpu.shares() > 262144)) {
    violations->Invalid("cpu_tuning.shares", "is not from 2 to 262144");
  }
  if (cpu.has_period_us() && (cpu.period_us() < 1000 || cpu.period_us() > 1000000)) {
    violations->Invalid("cpu_tuning.period_us", "is not from 1000 to 1000000");
  }
  if (cpu.has_quota_us() && cpu.quota_us() >= 0 && cpu.quota_us() < 1000) {
    violations->Invalid("cpu_tuning.quota_us", "is below 1000");
  }
  const v1::MemoryTuning& memory = spec.memory_tuning();
  const uint64_t hard = memory.has_hard_limit_kib() ? memory.hard_limit_kib() : spec.memory_kib();
  if (hard != 0 && hard < 1024) violations->Invalid("memory_kib", "is below 1 MiB");
  if (memory.has_swap_hard_limit_kib() && memory.swap_hard_limit_kib() < hard) {
    violations->Invalid("memory_tuning.swap_hard_limit_kib", "is below the limit of memory");
  }
}

void CheckTheRest(const v1::DomainSpec& spec, Violations* violations) {
  const v1::NamespaceSharing& sharing = spec.namespaces();
  for (const auto& [field, kind] :
       {std::pair("namespaces.network", sharing.network().kind()), std::pair("namespaces.ipc", sharing.ipc().kind()),
        std::pair("namespaces.uts", sharing.uts().kind())}) {
    if (kind != v1::SharedNamespace::KIND_UNSPECIFIED)
      violations->Unsupported(field, "shared namespaces are not supported");
  }
  const v1::CapabilityPolicy& capabilities = spec.features().capabilities();
  for (int i = 0; i < capabilities.states_size(); ++i) {
    if (!CapabilityNumber(capabilities.states(i).name())) {
      violations->Invalid(absl::StrCat("features.capabilities.states[", i, "].name"),
                          absl::StrCat("'", capabilities.states(i).name(), "' is not a capability"));
    }
  }
  const v1::LifecycleActions& actions = spec.lifecycle_actions();
  for (const auto& [field, action] : {std::pair("lifecycle_actions.on_poweroff", actions.on_poweroff()),
                                      std::pair("lifecycle_actions.on_crash", actions.on_crash())}) {
    if (!action.empty() && action != "destroy") {
      violations->Unsupported(field, absl::StrCat("'", action, "' is not supported, only \"destroy\""));
    }
  }
  if (const std::string& action = actions.on_reboot(); !action.empty() && action != "destroy" && action != "restart") {
    violations->Unsupported("lifecycle_actions.on_reboot",
                            absl::StrCat("'", action, "' is not supported, only \"restart\" and \"destroy\""));
  }
  for (const auto& [field, name] : {std::pair("shutdown_signals.shutdown", spec.shutdown_signals().shutdown()),
                                    std::pair("shutdown_signals.reboot", spec.shutdown_signals().reboot())}) {
    if (!name.empty() && !ParseSignal(name)) violations->Invalid(field, absl::StrCat("'", name, "' is not a signal"));
  }
  if (!spec.clock().offset().empty() && spec.clock().offset() != "utc") {
    violations->Unsupported("clock.offset",
                            absl::StrCat("'", spec.clock().offset(), "' is not \"utc\", the host's clock"));
  }
  if (!spec.resource_partition().empty()) CheckPath(spec.resource_partition(), "resource_partition", violations);
}

}  // namespace

absl::Status ValidateSpec(const v1::DomainSpec& spec) {
  Violations violations;
  CheckOperatingSystem(spec.os(), &violations);
  if (spec.has_id_map()) {
    CheckIdRanges(spec.id_map().users(), "id_map.users", &violations);
    CheckIdRanges(spec.id_map().groups(), "id_map.groups", &violations);
  }
  CheckDevices(spec, &violations);
  CheckTuning(spec, &violations);
  CheckTheRest(spec, &violations);
  for (std::string& field : UnsupportedFields(spec)) {
    violations.Unsupported(std::move(field), "is not supported by the LXC driver");
  }
  return violations.ToStatus();
}

}  // namespace reeve::lxc
