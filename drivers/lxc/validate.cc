#include "drivers/lxc/validate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "drivers/lxc/capability_set.h"
#include "drivers/lxc/cpu_list.h"
#include "drivers/lxc/protected_paths.h"
#include "drivers/lxc/signals.h"
#include "drivers/lxc/supported_fields.h"
#include "drivers/lxc/system_calls.h"
#include "drivers/lxc/violations.h"

namespace reeve::lxc {
namespace {

constexpr int kMaximumList = 256;
constexpr int kMaximumIdRanges = 340;  // user_namespaces(7)
constexpr size_t kMaximumArgument = 32768;
constexpr int kMaximumConsoles = 16;

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

void CheckDevices(const v1::DomainSpec& spec, Violations* violations) {
  const v1::Devices& devices = spec.devices();
  for (const auto& [field, size] : {std::pair("devices.filesystems", devices.filesystems_size()),
                                    std::pair("devices.interfaces", devices.interfaces_size()),
                                    std::pair("devices.disks", devices.disks_size()),
                                    std::pair("devices.host_devices", devices.host_devices_size())}) {
    if (size > kMaximumList) {
      violations->Invalid(field, "has more than 256 elements");
      return;
    }
  }
  CheckFilesystems(devices, violations);
  CheckInterfaces(spec, violations);
  CheckNamespaces(spec, violations);
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
    if (!console.source().log_file().empty()) {
      CheckPath(console.source().log_file(), absl::StrCat(field, ".source.log_file"), violations);
    }
    if (console.has_target_port() && console.target_port() != static_cast<uint32_t>(i)) {
      violations->Unsupported(absl::StrCat(field, ".target_port"), "is not its place in the list");
    }
  }
  CheckNodes(spec, violations);
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

void CheckPlacement(const v1::DomainSpec& spec, Violations* violations) {
  const v1::CpuPlacement& cpus = spec.cpu_placement();
  if (!cpus.mode().empty() && cpus.mode() != "static") {
    violations->Unsupported("cpu_placement.mode", absl::StrCat("'", cpus.mode(), "' is not \"static\""));
  }
  if (!cpus.cpuset().empty() && !KernelList(cpus.cpuset())) {
    violations->Invalid("cpu_placement.cpuset", absl::StrCat("'", cpus.cpuset(), "' is no set of CPUs"));
  }
  const v1::NumaTuning& numa = spec.numa_tuning();
  if (!numa.mode().empty() && numa.mode() != "strict" && numa.mode() != "restrictive") {
    violations->Unsupported("numa_tuning.mode",
                            absl::StrCat("'", numa.mode(), "' is not \"strict\" or \"restrictive\""));
  }
  if (!numa.placement().empty() && numa.placement() != "static") {
    violations->Unsupported("numa_tuning.placement", absl::StrCat("'", numa.placement(), "' is not \"static\""));
  }
  if (!numa.nodeset().empty() && !KernelList(numa.nodeset())) {
    violations->Invalid("numa_tuning.nodeset", absl::StrCat("'", numa.nodeset(), "' is no set of memory nodes"));
  }
  const v1::BlockIoTuning& block_io = spec.block_io_tuning();
  const auto check_weight = [&](bool has, uint32_t weight, const std::string& field) {
    if (has && (weight < 10 || weight > 1000)) violations->Invalid(field, "is not from 10 to 1000");
  };
  check_weight(block_io.has_weight(), block_io.weight(), "block_io_tuning.weight");
  for (int i = 0; i < block_io.devices_size(); ++i) {
    const std::string field = absl::StrCat("block_io_tuning.devices[", i, "]");
    CheckPath(block_io.devices(i).path(), absl::StrCat(field, ".path"), violations);
    check_weight(block_io.devices(i).has_weight(), block_io.devices(i).weight(), absl::StrCat(field, ".weight"));
  }
}

void CheckOptions(const v1::DomainSpec& spec, Violations* violations) {
  for (int i = 0; i < spec.lxc().open_paths_size(); ++i) {
    if (!IsProtectedPath(spec.lxc().open_paths(i))) {
      violations->Invalid(absl::StrCat("lxc.open_paths[", i, "]"),
                          absl::StrCat("'", spec.lxc().open_paths(i), "' is not protected, and not \"all\""));
    }
  }
  for (int i = 0; i < spec.lxc().system_calls().rules_size(); ++i) {
    const std::string& name = spec.lxc().system_calls().rules(i).name();
    if (!IsSystemCall(name)) {
      violations->Invalid(absl::StrCat("lxc.system_calls.rules[", i, "].name"),
                          absl::StrCat("'", name, "' is not a system call"));
    }
  }
  if (spec.has_id_map() && spec.lxc().id_map_mode() == v1::LxcOptions::ID_MAP_MODE_HOST) {
    violations->Invalid("lxc.id_map_mode", "is that of the host, but there is an id map");
  }
}

void CheckTheRest(const v1::DomainSpec& spec, Violations* violations) {
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
  CheckPlacement(spec, violations);
  CheckOptions(spec, violations);
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
