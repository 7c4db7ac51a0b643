// The way from the model to an lxc configuration. What was written is taken out of a copy of the specification; what
// is left in the end could not be expressed.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "formats/domain_name.h"
#include "formats/lxc_conf.h"
#include "formats/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxFaults = 20;

struct Writer {
  std::string text;
  std::vector<std::string> faults;

  // A value that lxc would read otherwise is a fault.
  void Line(absl::string_view key, absl::string_view value) {
    if (value.empty() || HasControlCharacter(value) || HasBlankAtEnds(value)) {
      faults.push_back(absl::StrCat(key, " cannot have the value '", Printable(value), "'"));
      return;
    }
    absl::StrAppend(&text, key, " = ", value, "\n");
  }
};

// Adds the paths of all fields that are set.
void FindLeftovers(const google::protobuf::Message& message, const std::string& path, std::vector<std::string>* found) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.empty()) {
    found->push_back(path);  // a message whose presence says something
    return;
  }
  for (const auto* field : fields) {
    if (found->size() >= kMaxFaults) return;
    const std::string name = absl::StrCat(path, ".", std::string(field->name()));
    if (field->is_repeated()) {
      found->push_back(absl::StrCat(name, "[0]"));
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      FindLeftovers(message.GetReflection()->GetMessage(message, field), name, found);
    } else {
      found->push_back(name);
    }
  }
}

// Those of an element of a list.
void CheckLeftovers(const google::protobuf::Message& message, const std::string& path, Writer* writer) {
  if (message.ByteSizeLong() == 0) return;
  std::vector<std::string> found;
  FindLeftovers(message, path, &found);
  for (const std::string& name : found) writer->faults.push_back(absl::StrCat(name, " has no form in lxc"));
}

// fstab(5): blanks and the backslash in octal.
std::string Escaped(absl::string_view path) {
  return absl::StrReplaceAll(path, {{"\\", "\\134"}, {" ", "\\040"}, {"\t", "\\011"}, {"\n", "\\012"}});
}

void WriteFilesystem(v1::Filesystem filesystem, const std::string& path, bool* has_root, Writer* writer) {
  const auto type = filesystem.type();
  const bool ram = type == v1::Filesystem::TYPE_RAM;
  const bool block = type == v1::Filesystem::TYPE_BLOCK;
  const bool known = ram || block || type == v1::Filesystem::TYPE_MOUNT || type == v1::Filesystem::TYPE_UNSPECIFIED;
  if (!known) {
    writer->faults.push_back(absl::StrCat(path, ".type has no form in lxc"));
    return;
  }
  const absl::string_view mode = filesystem.read_only() ? "ro" : "rw";
  if (filesystem.target() == "/" && !ram && !filesystem.read_only() && !*has_root) {
    *has_root = true;
    writer->Line("lxc.rootfs.path", filesystem.source());
  } else {
    const absl::string_view target = absl::string_view(filesystem.target()).substr(1);
    if (target.empty()) {
      writer->faults.push_back(absl::StrCat(path,
                                            ".target is the root a second time, in memory or read-only, which has "
                                            "no form in lxc"));
    } else if (ram) {
      writer->Line("lxc.mount.entry", absl::StrCat("tmpfs ", Escaped(target), " tmpfs ", mode,
                                                   ",size=", filesystem.ram_size_kib(), "k,create=dir 0 0"));
    } else {
      writer->Line("lxc.mount.entry", absl::StrCat(Escaped(filesystem.source()), " ", Escaped(target),
                                                   block ? " auto " : " none bind,", mode, ",create=dir 0 0"));
    }
  }
  if (filesystem.access_mode() == v1::Filesystem::ACCESS_MODE_PASSTHROUGH) filesystem.clear_access_mode();
  filesystem.clear_type();
  filesystem.clear_source();
  filesystem.clear_target();
  filesystem.clear_read_only();
  filesystem.clear_ram_size_kib();
  CheckLeftovers(filesystem, path, writer);
}

// Writes and takes out addresses and default routes, one of each family.
template <typename Source>
void WriteAddresses(const std::string& key, Source* source, Writer* writer) {
  for (auto& address : *source->mutable_addresses()) {
    const bool is_ipv6 = absl::StrContains(address.address(), ':');
    writer->Line(absl::StrCat(key, is_ipv6 ? ".ipv6" : ".ipv4", ".address"),
                 absl::StrCat(address.address(), "/",
                              address.has_prefix() ? address.prefix()
                              : is_ipv6            ? 64
                                                   : 24));
    if (!address.peer().empty()) writer->faults.push_back("the peer of an address has no form in lxc");
  }
  source->clear_addresses();
  bool seen[2] = {false, false};
  for (const auto& route : source->routes()) {
    const bool is_ipv6 = route.family() == "ipv6";
    if (route.destination() != (is_ipv6 ? "::" : "0.0.0.0") || route.prefix() != 0 || route.has_metric() ||
        !(route.netmask().empty() || route.netmask() == "0.0.0.0") || seen[is_ipv6]) {
      writer->faults.push_back(absl::StrCat("the route to ", route.destination(), " has no form in lxc"));
      continue;
    }
    seen[is_ipv6] = true;
    writer->Line(absl::StrCat(key, is_ipv6 ? ".ipv6" : ".ipv4", ".gateway"), route.gateway());
  }
  source->clear_routes();
}

void WriteInterface(v1::Interface interface, const std::string& key, const std::string& path, Writer* writer) {
  if (interface.type() == v1::Interface::TYPE_DIRECT) {
    writer->Line(absl::StrCat(key, ".type"), "macvlan");
    const std::string& mode = interface.source_mode();
    writer->Line(absl::StrCat(key, ".macvlan.mode"), mode.empty() ? "vepa" : mode == "passthrough" ? "passthru" : mode);
    interface.clear_source_mode();
  } else if (interface.type() == v1::Interface::TYPE_BRIDGE || interface.type() == v1::Interface::TYPE_ETHERNET) {
    writer->Line(absl::StrCat(key, ".type"), "veth");
    if (!interface.target_device().empty()) writer->Line(absl::StrCat(key, ".veth.pair"), interface.target_device());
    interface.clear_target_device();
  } else {
    writer->faults.push_back(absl::StrCat(path, ".type has no form in lxc"));
    return;
  }
  if (!interface.source().empty()) writer->Line(absl::StrCat(key, ".link"), interface.source());
  if (!interface.has_link_up() || interface.link_up()) writer->Line(absl::StrCat(key, ".flags"), "up");
  if (!interface.mac_address().empty()) writer->Line(absl::StrCat(key, ".hwaddr"), interface.mac_address());
  if (!interface.guest_device().empty()) writer->Line(absl::StrCat(key, ".name"), interface.guest_device());
  if (interface.has_mtu()) writer->Line(absl::StrCat(key, ".mtu"), absl::StrCat(interface.mtu()));
  WriteAddresses(key, &interface, writer);
  for (auto clear :
       {&v1::Interface::clear_type, &v1::Interface::clear_source, &v1::Interface::clear_link_up,
        &v1::Interface::clear_mac_address, &v1::Interface::clear_guest_device, &v1::Interface::clear_mtu}) {
    (interface.*clear)();
  }
  CheckLeftovers(interface, path, writer);
}

void WriteHostDevice(v1::HostDevice device, const std::string& key, const std::string& path, Writer* writer) {
  if (!device.has_network()) {
    writer->faults.push_back(absl::StrCat(path, " has no form in lxc"));
    return;
  }
  writer->Line(absl::StrCat(key, ".type"), "phys");
  writer->Line(absl::StrCat(key, ".link"), device.network().interface());
  writer->Line(absl::StrCat(key, ".flags"), "up");
  WriteAddresses(key, device.mutable_network(), writer);
  device.clear_network();
  CheckLeftovers(device, path, writer);
}

void WriteDevices(v1::Devices* devices, Writer* writer) {
  bool has_root = false;
  for (int i = 0; i < devices->filesystems_size(); ++i) {
    WriteFilesystem(devices->filesystems(i), absl::StrCat("spec.devices.filesystems[", i, "]"), &has_root, writer);
  }
  if (!has_root) writer->faults.push_back("spec.devices.filesystems has no root file system, which lxc needs");
  int nic = 0;
  for (int i = 0; i < devices->interfaces_size(); ++i) {
    WriteInterface(devices->interfaces(i), absl::StrCat("lxc.net.", nic++),
                   absl::StrCat("spec.devices.interfaces[", i, "]"), writer);
  }
  for (int i = 0; i < devices->host_devices_size(); ++i) {
    WriteHostDevice(devices->host_devices(i), absl::StrCat("lxc.net.", nic++),
                    absl::StrCat("spec.devices.host_devices[", i, "]"), writer);
  }
  if (nic == 0) writer->Line("lxc.net.0.type", "empty");
  if (devices->consoles_size() > 0) writer->Line("lxc.tty.max", absl::StrCat(devices->consoles_size()));
  for (int i = 0; i < devices->consoles_size(); ++i) {
    v1::Console console = devices->consoles(i);
    if (console.type() == "pty") console.clear_type();
    if (console.target_type() == "lxc") console.clear_target_type();
    if (console.target_port() == static_cast<uint32_t>(i)) console.clear_target_port();
    CheckLeftovers(console, absl::StrCat("spec.devices.consoles[", i, "]"), writer);
  }
  devices->clear_filesystems();
  devices->clear_interfaces();
  devices->clear_host_devices();
  devices->clear_consoles();
  devices->clear_emulator();
}

void WriteIdMap(v1::DomainSpec* spec, Writer* writer) {
  const auto write = [writer](absl::string_view kind, const auto& mappings) {
    for (const v1::IdMapping& mapping : mappings) {
      writer->Line("lxc.idmap", absl::StrCat(kind, " ", mapping.start(), " ", mapping.target(), " ", mapping.count()));
    }
  };
  write("u", spec->id_map().users());
  write("g", spec->id_map().groups());
  spec->clear_id_map();
}

void WriteCapabilities(v1::Features* features, Writer* writer) {
  // The default set, of CapabilityPolicy, as what is dropped.
  const v1::CapabilityPolicy& policy = features->capabilities();
  const bool keep = policy.policy() == v1::CapabilityPolicy::POLICY_DENY;
  std::vector<std::string> changed;
  if (!keep && policy.policy() != v1::CapabilityPolicy::POLICY_ALLOW) {
    changed = {"sys_module", "sys_time", "mknod", "audit_control", "mac_admin"};
  }
  for (const v1::CapabilityState& state : policy.states()) {
    std::erase(changed, state.name());
    if (state.on() == keep) changed.push_back(state.name());
  }
  std::string names;
  for (const std::string& name : changed) absl::StrAppend(&names, names.empty() ? "" : " ", name);
  if (keep) {
    writer->Line("lxc.cap.keep", names.empty() ? "none" : names);
  } else if (!names.empty()) {
    writer->Line("lxc.cap.drop", names);
  }
  features->clear_capabilities();
}

void WriteMemory(v1::DomainSpec* spec, Writer* writer) {
  v1::MemoryTuning* tuning = spec->mutable_memory_tuning();
  const auto limit = [writer](absl::string_view name, uint64_t kib) {
    writer->Line(absl::StrCat("lxc.cgroup.memory.", name, "limit_in_bytes"), absl::StrCat(kib, "K"));
  };
  const uint64_t hard = tuning->has_hard_limit_kib() ? tuning->hard_limit_kib() : spec->memory_kib();
  if (hard != 0) limit("", hard);
  if (tuning->has_soft_limit_kib()) limit("soft_", tuning->soft_limit_kib());
  if (tuning->has_swap_hard_limit_kib()) limit("memsw.", tuning->swap_hard_limit_kib());
  tuning->clear_hard_limit_kib();
  tuning->clear_soft_limit_kib();
  tuning->clear_swap_hard_limit_kib();
  if (tuning->ByteSizeLong() == 0) spec->clear_memory_tuning();
  if (spec->current_memory_kib() == spec->memory_kib()) spec->clear_current_memory_kib();
  spec->clear_memory_kib();
}

void WriteCpu(v1::DomainSpec* spec, Writer* writer) {
  v1::CpuTuning* tuning = spec->mutable_cpu_tuning();
  if (tuning->has_shares()) writer->Line("lxc.cgroup.cpu.shares", absl::StrCat(tuning->shares()));
  if (tuning->has_period_us()) writer->Line("lxc.cgroup.cpu.cfs_period_us", absl::StrCat(tuning->period_us()));
  if (tuning->has_quota_us()) writer->Line("lxc.cgroup.cpu.cfs_quota_us", absl::StrCat(tuning->quota_us()));
  tuning->clear_shares();
  tuning->clear_period_us();
  tuning->clear_quota_us();
  if (tuning->ByteSizeLong() == 0) spec->clear_cpu_tuning();
  // The kernel has no "^" in a set, but the set stands for what it says.
  const auto set = [writer](absl::string_view name, const std::string& text) {
    if (text.empty()) return;
    if (absl::StrContains(text, '^')) {
      writer->faults.push_back(absl::StrCat("the set '", text, "' has no form in lxc"));
    } else {
      writer->Line(absl::StrCat("lxc.cgroup.cpuset.", name), text);
    }
  };
  set("cpus", spec->cpu_placement().cpuset());
  spec->mutable_cpu_placement()->clear_cpuset();
  if (spec->cpu_placement().mode() == "static") spec->mutable_cpu_placement()->clear_mode();
  if (spec->cpu_placement().ByteSizeLong() == 0) spec->clear_cpu_placement();
  set("mems", spec->numa_tuning().nodeset());
  spec->mutable_numa_tuning()->clear_nodeset();
  if (spec->numa_tuning().mode() == "strict") spec->mutable_numa_tuning()->clear_mode();
  if (spec->numa_tuning().placement() == "static") spec->mutable_numa_tuning()->clear_placement();
  if (spec->numa_tuning().ByteSizeLong() == 0) spec->clear_numa_tuning();
  // lxc does not count virtual CPUs, nor does the LXC driver limit by them.
  spec->clear_vcpus();
}

void WriteBlockIo(v1::DomainSpec* spec, Writer* writer) {
  const v1::BlockIoTuning& tuning = spec->block_io_tuning();
  if (tuning.has_weight()) writer->Line("lxc.cgroup.blkio.weight", absl::StrCat(tuning.weight()));
  for (int i = 0; i < tuning.devices_size(); ++i) {
    const v1::BlockDeviceTuning& device = tuning.devices(i);
    absl::string_view number = device.path();
    if (!absl::ConsumePrefix(&number, "/dev/block/")) {
      writer->faults.push_back(absl::StrCat("spec.block_io_tuning.devices[", i,
                                            "].path is not of /dev/block, by whose "
                                            "numbers lxc names devices"));
      continue;
    }
    const auto line = [writer, number](absl::string_view name, uint64_t value) {
      writer->Line(absl::StrCat("lxc.cgroup.blkio.", name), absl::StrCat(number, " ", value));
    };
    if (device.has_weight()) line("device_weight", device.weight());
    if (device.has_read_iops()) line("throttle.read_iops_device", device.read_iops());
    if (device.has_write_iops()) line("throttle.write_iops_device", device.write_iops());
    if (device.has_read_bytes_per_second()) line("throttle.read_bps_device", device.read_bytes_per_second());
    if (device.has_write_bytes_per_second()) line("throttle.write_bps_device", device.write_bytes_per_second());
  }
  spec->clear_block_io_tuning();
}

void WriteSystem(v1::DomainSpec* spec, Writer* writer) {
  v1::OperatingSystem* os = spec->mutable_os();
  if (!os->architecture().empty()) writer->Line("lxc.arch", os->architecture());
  if (!os->init().empty() && os->init() != "/sbin/init") writer->Line("lxc.init.cmd", os->init());
  for (const v1::EnvironmentVariable& variable : os->init_environment()) {
    writer->Line("lxc.environment", absl::StrCat(variable.name(), "=", variable.value()));
  }
  if (!os->init_directory().empty()) writer->Line("lxc.init.cwd", os->init_directory());
  for (auto clear : {&v1::OperatingSystem::clear_architecture, &v1::OperatingSystem::clear_init,
                     &v1::OperatingSystem::clear_init_environment, &v1::OperatingSystem::clear_init_directory}) {
    (os->*clear)();
  }
  if (os->type() == "exe") os->clear_type();
  if (os->ByteSizeLong() == 0) spec->clear_os();
  // What libvirt's documents always say, and lxc does by itself.
  if (spec->clock().offset() == "utc") spec->mutable_clock()->clear_offset();
  if (spec->clock().ByteSizeLong() == 0) spec->clear_clock();
  v1::LifecycleActions* actions = spec->mutable_lifecycle_actions();
  if (actions->on_poweroff() == "destroy") actions->clear_on_poweroff();
  if (actions->on_reboot() == "restart") actions->clear_on_reboot();
  if (actions->on_crash() == "destroy") actions->clear_on_crash();
  if (actions->ByteSizeLong() == 0) spec->clear_lifecycle_actions();
  if (spec->network_mode() == v1::NETWORK_MODE_PRIVATE) spec->clear_network_mode();
}

}  // namespace

absl::StatusOr<std::string> WriteLxcConf(const v1::Domain& domain) {
  Writer writer;
  v1::DomainSpec left = domain.spec();
  writer.Line("lxc.uts.name", SplitDomainResourceName(domain.name()).name);
  WriteSystem(&left, &writer);
  WriteDevices(left.mutable_devices(), &writer);
  if (left.devices().ByteSizeLong() == 0) left.clear_devices();
  WriteIdMap(&left, &writer);
  WriteMemory(&left, &writer);
  WriteCpu(&left, &writer);
  WriteBlockIo(&left, &writer);
  WriteCapabilities(left.mutable_features(), &writer);
  if (left.features().ByteSizeLong() == 0) left.clear_features();
  CheckLeftovers(left, "spec", &writer);
  if (writer.faults.empty()) return writer.text;

  absl::Status status = Error(v1::REASON_SPEC_UNSUPPORTED,
                              absl::StrCat(domain.name(), " cannot be an lxc configuration: ", writer.faults[0]));
  for (size_t i = 0; i < writer.faults.size() && i < kMaxFaults; ++i) {
    const std::string& fault = writer.faults[i];
    AddFieldViolation(&status, fault.substr(0, fault.find(' ')), fault);
  }
  return status;
}

}  // namespace reeve::formats
