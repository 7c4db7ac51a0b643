#include "drivers/lxc/supported_fields.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace reeve::lxc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Message.field, sorted. A field that is not here is refused, also one that the model gains later.
constexpr absl::string_view kSupported[] = {
    "Bandwidth.inbound",
    "Bandwidth.outbound",
    "BandwidthLimit.average_kilobytes_per_second",
    "BandwidthLimit.burst_kib",
    "BandwidthLimit.floor_kilobytes_per_second",
    "BandwidthLimit.peak_kilobytes_per_second",
    "BlockDeviceTuning.path",
    "BlockDeviceTuning.read_bytes_per_second",
    "BlockDeviceTuning.read_iops",
    "BlockDeviceTuning.weight",
    "BlockDeviceTuning.write_bytes_per_second",
    "BlockDeviceTuning.write_iops",
    "BlockIoTuning.devices",
    "BlockIoTuning.weight",
    "CapabilityPolicy.policy",
    "CapabilityPolicy.states",
    "CapabilityState.name",
    "CapabilityState.on",
    "CharacterSource.log_append",
    "CharacterSource.log_file",
    "Clock.offset",
    "Clock.timers",
    "ClockTimer.name",
    "ClockTimer.present",
    "Console.source",
    "Console.target_port",
    "Console.target_type",
    "Console.type",
    "CpuPlacement.cpuset",
    "CpuPlacement.mode",
    "CpuTuning.period_us",
    "CpuTuning.quota_us",
    "CpuTuning.shares",
    "DeviceRule.access",
    "DeviceRule.major",
    "DeviceRule.minor",
    "DeviceRule.type",
    "Devices.consoles",
    "Devices.disks",
    "Devices.emulator",
    "Devices.filesystems",
    "Devices.host_devices",
    "Devices.interfaces",
    "Disk.device",
    "Disk.driver_cache",
    "Disk.driver_format",
    "Disk.driver_name",
    "Disk.read_only",
    "Disk.source",
    "Disk.target_bus",
    "Disk.target_device",
    "Disk.type",
    "DomainSpec.block_io_tuning",
    "DomainSpec.clock",
    "DomainSpec.cpu_placement",
    "DomainSpec.cpu_tuning",
    "DomainSpec.current_memory_kib",
    "DomainSpec.description",
    "DomainSpec.devices",
    "DomainSpec.features",
    "DomainSpec.id_map",
    "DomainSpec.lifecycle_actions",
    "DomainSpec.lxc",
    "DomainSpec.memory_kib",
    "DomainSpec.memory_tuning",
    "DomainSpec.metadata",
    "DomainSpec.namespaces",
    "DomainSpec.network_mode",
    "DomainSpec.numa_tuning",
    "DomainSpec.os",
    "DomainSpec.resource_partition",
    "DomainSpec.shutdown_signals",
    "DomainSpec.title",
    "DomainSpec.vcpus",
    "EnvironmentVariable.name",
    "EnvironmentVariable.value",
    "Features.capabilities",
    "Filesystem.access_mode",
    "Filesystem.driver_format",
    "Filesystem.driver_type",
    "Filesystem.ram_size_kib",
    "Filesystem.read_only",
    "Filesystem.source",
    "Filesystem.space_hard_limit_kib",
    "Filesystem.space_soft_limit_kib",
    "Filesystem.target",
    "Filesystem.type",
    "HostDevice.misc_character",
    "HostDevice.network",
    "HostDevice.storage_block",
    "HostNetworkDevice.addresses",
    "HostNetworkDevice.interface",
    "HostNetworkDevice.routes",
    "IdMap.groups",
    "IdMap.users",
    "IdMapping.count",
    "IdMapping.start",
    "IdMapping.target",
    "Interface.addresses",
    "Interface.bandwidth",
    "Interface.guest_device",
    "Interface.host_addresses",
    "Interface.host_routes",
    "Interface.isolated",
    "Interface.link_up",
    "Interface.mac_address",
    "Interface.mtu",
    "Interface.routes",
    "Interface.source",
    "Interface.source_mode",
    "Interface.target_device",
    "Interface.type",
    "InterfaceAddress.address",
    "InterfaceAddress.peer",
    "InterfaceAddress.prefix",
    "InterfaceRoute.destination",
    "InterfaceRoute.family",
    "InterfaceRoute.gateway",
    "InterfaceRoute.metric",
    "InterfaceRoute.prefix",
    "LifecycleActions.on_crash",
    "LifecycleActions.on_poweroff",
    "LifecycleActions.on_reboot",
    "LxcOptions.devices",
    "LxcOptions.id_map_count",
    "LxcOptions.id_map_mode",
    "LxcOptions.lxcfs",
    "LxcOptions.no_new_privileges",
    "LxcOptions.open_paths",
    "LxcOptions.system_calls",
    "MemoryTuning.hard_limit_kib",
    "MemoryTuning.soft_limit_kib",
    "MemoryTuning.swap_hard_limit_kib",
    "NamespaceSharing.ipc",
    "NamespaceSharing.network",
    "NamespaceSharing.uts",
    "NumaTuning.mode",
    "NumaTuning.nodeset",
    "NumaTuning.placement",
    "OperatingSystem.architecture",
    "OperatingSystem.command_line",
    "OperatingSystem.init",
    "OperatingSystem.init_arguments",
    "OperatingSystem.init_directory",
    "OperatingSystem.init_environment",
    "OperatingSystem.init_group",
    "OperatingSystem.init_user",
    "OperatingSystem.type",
    "SharedNamespace.kind",
    "SharedNamespace.value",
    "ShutdownSignals.reboot",
    "ShutdownSignals.shutdown",
    "SystemCallPolicy.policy",
    "SystemCallPolicy.rules",
    "SystemCallRule.error",
    "SystemCallRule.name",
    "SystemCallRule.on",
};

bool IsSupported(const FieldDescriptor& field) {
  const std::string name = absl::StrCat(field.containing_type()->name(), ".", field.name());
  return std::binary_search(std::begin(kSupported), std::end(kSupported), absl::string_view(name));
}

// What libvirt writes into every definition and asks for nothing.
bool AsksForNothing(const Message& message) {
  if (const auto* placement = dynamic_cast<const v1::CpuPlacement*>(&message)) {
    return placement->mode() == "static" && placement->cpuset().empty() && !placement->has_current();
  }
  if (const auto* label = dynamic_cast<const v1::SecurityLabel*>(&message)) return label->type() == "none";
  return message.ByteSizeLong() == 0;
}

void Walk(const Message& message, const std::string& prefix, size_t limit, std::vector<std::string>* found) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = absl::StrCat(prefix, field->name());
    const bool supported = IsSupported(*field);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!supported) found->push_back(path);
    } else if (!field->is_repeated()) {
      const Message& child = reflection.GetMessage(message, field);
      if (supported) Walk(child, absl::StrCat(path, "."), limit, found);
      if (!supported && !AsksForNothing(child)) found->push_back(path);
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field) && found->size() < limit; ++i) {
        const Message& child = reflection.GetRepeatedMessage(message, field, i);
        const std::string place = absl::StrCat(path, "[", i, "]");
        if (supported) Walk(child, absl::StrCat(place, "."), limit, found);
        if (!supported && !AsksForNothing(child)) found->push_back(place);
      }
    }
    if (found->size() >= limit) return found->resize(limit);
  }
}

}  // namespace

std::vector<std::string> UnsupportedFields(const v1::DomainSpec& spec, size_t limit) {
  std::vector<std::string> found;
  Walk(spec, "", limit, &found);
  return found;
}

}  // namespace reeve::lxc
