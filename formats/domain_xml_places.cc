#include "formats/domain_xml_places.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::formats {
namespace {

// A field and the elements, below that of the field it is in, that hold it. An index of the field counts the last of
// them.
struct Place {
  absl::string_view field;
  absl::string_view elements;
};

constexpr Place kPlaces[] = {
    {"spec", ""},
    {"spec.title", "title"},
    {"spec.description", "description"},
    {"spec.metadata", "metadata/*"},
    {"spec.shutdown_signals", "metadata"},
    {"spec.lxc", "metadata/reeve:domain/reeve:lxc"},
    {"spec.lxc.system_calls", "reeve:calls"},
    {"spec.lxc.system_calls.rules", "reeve:call"},
    {"spec.lxc.open_paths", "reeve:open"},
    {"spec.lxc.devices", "reeve:device"},
    {"spec.memory_kib", "memory"},
    {"spec.current_memory_kib", "currentMemory"},
    {"spec.memory_tuning", "memtune"},
    {"spec.memory_tuning.hard_limit_kib", "hard_limit"},
    {"spec.memory_tuning.soft_limit_kib", "soft_limit"},
    {"spec.memory_tuning.swap_hard_limit_kib", "swap_hard_limit"},
    {"spec.vcpus", "vcpu"},
    {"spec.cpu_placement", "vcpu"},
    {"spec.cpu_tuning", "cputune"},
    {"spec.cpu_tuning.shares", "shares"},
    {"spec.cpu_tuning.period_us", "period"},
    {"spec.cpu_tuning.quota_us", "quota"},
    {"spec.numa_tuning", "numatune/memory"},
    {"spec.block_io_tuning", "blkiotune"},
    {"spec.block_io_tuning.weight", "weight"},
    {"spec.block_io_tuning.devices", "device"},
    {"spec.resource_partition", "resource/partition"},
    {"spec.os", "os"},
    {"spec.os.type", "type"},
    {"spec.os.architecture", "type"},
    {"spec.os.machine", "type"},
    {"spec.os.init", "init"},
    {"spec.os.init_arguments", "initarg"},
    {"spec.os.init_environment", "initenv"},
    {"spec.os.init_directory", "initdir"},
    {"spec.os.init_user", "inituser"},
    {"spec.os.init_group", "initgroup"},
    {"spec.os.command_line", "cmdline"},
    {"spec.id_map", "idmap"},
    {"spec.id_map.users", "uid"},
    {"spec.id_map.groups", "gid"},
    {"spec.features", "features"},
    {"spec.features.capabilities", "capabilities"},
    {"spec.features.capabilities.states", "*"},
    {"spec.clock", "clock"},
    {"spec.clock.timers", "timer"},
    {"spec.lifecycle_actions.on_poweroff", "on_poweroff"},
    {"spec.lifecycle_actions.on_reboot", "on_reboot"},
    {"spec.lifecycle_actions.on_crash", "on_crash"},
    {"spec.namespaces", "lxc:namespace"},
    {"spec.namespaces.network", "lxc:sharenet"},
    {"spec.namespaces.ipc", "lxc:shareipc"},
    {"spec.namespaces.uts", "lxc:shareuts"},
    {"spec.network_mode", "lxc:namespace"},
    {"spec.devices", "devices"},
    {"spec.devices.emulator", "emulator"},
    {"spec.devices.filesystems", "filesystem"},
    {"spec.devices.filesystems.source", "source"},
    {"spec.devices.filesystems.ram_size_kib", "source"},
    {"spec.devices.filesystems.target", "target"},
    {"spec.devices.interfaces", "interface"},
    {"spec.devices.interfaces.source", "source"},
    {"spec.devices.interfaces.mac_address", "mac"},
    {"spec.devices.interfaces.target_device", "target"},
    {"spec.devices.interfaces.guest_device", "guest"},
    {"spec.devices.interfaces.addresses", "ip"},
    {"spec.devices.interfaces.routes", "route"},
    {"spec.devices.interfaces.host_addresses", "source/ip"},
    {"spec.devices.interfaces.host_routes", "source/route"},
    {"spec.devices.interfaces.mtu", "mtu"},
    {"spec.devices.interfaces.vlan", "vlan"},
    {"spec.devices.interfaces.vlan.tags", "tag"},
    {"spec.devices.interfaces.bandwidth", "bandwidth"},
    {"spec.devices.interfaces.filter", "filterref"},
    {"spec.devices.consoles", "console"},
    {"spec.devices.disks", "disk"},
    {"spec.devices.disks.source", "source"},
    {"spec.devices.disks.target_device", "target"},
    {"spec.devices.host_devices", "hostdev"},
    {"spec.devices.host_devices.network.addresses", "ip"},
    {"spec.devices.host_devices.network.routes", "route"},
    {"spec.security_labels", "seclabel"},
};

pugi::xml_node ChildAt(pugi::xml_node parent, absl::string_view name, size_t index) {
  for (const pugi::xml_node child : parent.children()) {
    if (child.type() != pugi::node_element || (name != "*" && child.name() != name)) continue;
    if (index-- == 0) return child;
  }
  return {};
}

// The element below `parent`; `parent` itself when the document does not have it.
pugi::xml_node Descend(pugi::xml_node parent, absl::string_view elements, size_t index) {
  pugi::xml_node node = parent;
  const std::vector<absl::string_view> names = absl::StrSplit(elements, '/', absl::SkipEmpty());
  for (size_t i = 0; i < names.size(); ++i) {
    node = ChildAt(node, names[i], i + 1 == names.size() ? index : 0);
    if (!node) return parent;
  }
  return node;
}

// Takes "[3]" from the end of a part of a field path.
size_t ConsumeIndex(absl::string_view* part) {
  size_t index = 0;
  const size_t bracket = part->find('[');
  if (bracket == absl::string_view::npos) return 0;
  if (!absl::SimpleAtoi(absl::StripSuffix(part->substr(bracket + 1), "]"), &index)) index = 0;
  *part = part->substr(0, bracket);
  return index;
}

pugi::xml_node ElementOf(pugi::xml_node root, absl::string_view field) {
  pugi::xml_node node = root;
  std::string prefix;
  for (absl::string_view part : absl::StrSplit(field, '.')) {
    const size_t index = ConsumeIndex(&part);
    absl::StrAppend(&prefix, prefix.empty() ? "" : ".", part);
    for (const Place& place : kPlaces) {
      if (place.field == prefix) node = Descend(node, place.elements, index);
    }
  }
  return node;
}

}  // namespace

void FailAtPlaces(XmlReader* reader, pugi::xml_node root, const std::vector<SpecFault>& faults) {
  for (const SpecFault& fault : faults) {
    const pugi::xml_node element = ElementOf(root, fault.field);
    reader->Fail(v1::REASON_SPEC_INVALID, reader->OffsetOf(element),
                 absl::StrCat("element ", PathOf(element), ": ", fault.field, " ", fault.cause));
  }
}

}  // namespace reeve::formats
