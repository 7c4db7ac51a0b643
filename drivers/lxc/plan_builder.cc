#include "drivers/lxc/plan_builder.h"

#include <linux/if_link.h>
#include <sched.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "drivers/lxc/addresses.h"
#include "drivers/lxc/capability_set.h"
#include "drivers/lxc/protected_paths.h"
#include "drivers/lxc/signals.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

bool IsRoot(const std::string& target) {
  return target.find_first_not_of('/') == std::string::npos;
}

// libvirt's filter: what a host name may not have is left out.
std::string Hostname(const std::string& name) {
  std::string hostname;
  for (unsigned char c : name) {
    if (absl::ascii_isalnum(c) || c == '-') hostname.push_back(static_cast<char>(c));
  }
  return hostname.substr(0, 64);  // __NEW_UTS_LEN
}

std::vector<IdRange> Ranges(const google::protobuf::RepeatedPtrField<v1::IdMapping>& mappings) {
  std::vector<IdRange> ranges;
  for (const v1::IdMapping& mapping : mappings) ranges.push_back({mapping.start(), mapping.target(), mapping.count()});
  return ranges;
}

// libvirt's environment of init, then what the specification adds; the last of a name counts.
std::vector<std::string> Environment(const drivers::DomainKey& domain, const v1::OperatingSystem& os, int consoles) {
  std::vector<std::string> environment = {"PATH=/bin:/sbin",
                                          "TERM=linux",
                                          "container=lxc-libvirt",
                                          "HOME=/",
                                          absl::StrCat("container_uuid=", domain.uid),
                                          absl::StrCat("LIBVIRT_LXC_UUID=", domain.uid),
                                          absl::StrCat("LIBVIRT_LXC_NAME=", domain.name)};
  if (!os.command_line().empty()) environment.push_back(absl::StrCat("LIBVIRT_LXC_CMDLINE=", os.command_line()));
  if (consoles > 1) {
    std::string terminals = "container_ttys=";
    for (int i = 1; i < consoles; ++i) absl::StrAppend(&terminals, i == 1 ? "" : " ", "pts/", i);
    environment.push_back(terminals);
  }
  for (const v1::EnvironmentVariable& variable : os.init_environment()) {
    const std::string prefix = absl::StrCat(variable.name(), "=");
    std::erase_if(environment, [&](const std::string& text) { return absl::StartsWith(text, prefix); });
    environment.push_back(absl::StrCat(prefix, variable.value()));
  }
  return environment;
}

FilesystemKind KindOf(v1::Filesystem::Type type) {
  switch (type) {
    case v1::Filesystem::TYPE_BIND:
      return FilesystemKind::kBind;
    case v1::Filesystem::TYPE_RAM:
      return FilesystemKind::kRam;
    case v1::Filesystem::TYPE_FILE:
      return FilesystemKind::kImage;
    case v1::Filesystem::TYPE_BLOCK:
      return FilesystemKind::kBlock;
    default:
      return FilesystemKind::kMount;
  }
}

std::vector<AddressPlan> PlanAddresses(const google::protobuf::RepeatedPtrField<v1::InterfaceAddress>& addresses) {
  std::vector<AddressPlan> planned;
  for (const v1::InterfaceAddress& address : addresses) {
    AddressPlan& plan = planned.emplace_back();
    plan.address = ParseAddress(address.address());
    plan.peer = ParseAddress(address.peer());
    plan.prefix = static_cast<uint8_t>(address.has_prefix()       ? address.prefix()
                                       : plan.address.size() == 4 ? 24
                                                                  : 64);
  }
  return planned;
}

std::vector<RoutePlan> PlanRoutes(const google::protobuf::RepeatedPtrField<v1::InterfaceRoute>& routes) {
  std::vector<RoutePlan> planned;
  for (const v1::InterfaceRoute& route : routes) {
    RoutePlan& plan = planned.emplace_back();
    const bool six = route.family() == "ipv6" || absl::StrContains(route.destination(), ":");
    plan.destination =
        route.destination().empty() ? std::string(six ? 16 : 4, '\0') : ParseAddress(route.destination());
    plan.gateway = ParseAddress(route.gateway());
    const bool any = std::all_of(plan.destination.begin(), plan.destination.end(), [](char c) { return c == 0; });
    const size_t whole = plan.destination.size() * 8;
    plan.prefix = static_cast<uint8_t>(route.has_prefix() ? route.prefix() : any ? 0 : whole);
    plan.metric = route.metric();
  }
  return planned;
}

// libvirt's kilobytes per second are of 1000 bytes, its bursts of 1024 (tc(8), "kbps", "kb").
RatePlan PlanRate(const v1::BandwidthLimit& limit) {
  return {.average = limit.average_kilobytes_per_second() * 1000,
          .peak = limit.peak_kilobytes_per_second() * 1000,
          .burst = limit.burst_kib() * 1024};
}

uint32_t MacvlanMode(const std::string& mode) {
  return mode == "bridge"        ? MACVLAN_MODE_BRIDGE
         : mode == "private"     ? MACVLAN_MODE_PRIVATE
         : mode == "passthrough" ? MACVLAN_MODE_PASSTHRU
                                 : MACVLAN_MODE_VEPA;
}

uint32_t SignalOr(const std::string& name, int otherwise) {
  return static_cast<uint32_t>(ParseSignal(name).value_or(otherwise));
}

}  // namespace

FilesystemPlan PlanFilesystem(const v1::Filesystem& filesystem) {
  FilesystemPlan plan;
  plan.kind = KindOf(filesystem.type());
  plan.source = filesystem.source();
  plan.target = filesystem.target();
  plan.read_only = filesystem.read_only();
  plan.ram_size_kib = filesystem.ram_size_kib();
  plan.always_shift = filesystem.access_mode() == v1::Filesystem::ACCESS_MODE_MAPPED;
  return plan;
}

InterfacePlan PlanInterface(const v1::Interface& interface, int index) {
  InterfacePlan plan;
  if (interface.type() == v1::Interface::TYPE_DIRECT) {
    plan.kind = InterfaceKind::kMacvlan;
    plan.parent = interface.source();
    plan.mode = MacvlanMode(interface.source_mode());
  }
  if (interface.type() == v1::Interface::TYPE_BRIDGE) plan.bridge = interface.source();
  plan.mac = ParseMac(interface.mac_address());
  plan.host_name = interface.target_device();
  plan.guest_name = interface.guest_device().empty() ? absl::StrCat("eth", index) : interface.guest_device();
  plan.up = !interface.has_link_up() || interface.link_up();
  plan.mtu = interface.mtu();
  plan.addresses = PlanAddresses(interface.addresses());
  plan.routes = PlanRoutes(interface.routes());
  plan.host_addresses = PlanAddresses(interface.host_addresses());
  plan.host_routes = PlanRoutes(interface.host_routes());
  plan.isolated = interface.isolated();
  plan.to_guest = PlanRate(interface.bandwidth().inbound());
  plan.from_guest = PlanRate(interface.bandwidth().outbound());
  return plan;
}

InterfacePlan PlanHostInterface(const v1::HostNetworkDevice& device) {
  InterfacePlan plan;
  plan.kind = InterfaceKind::kHost;
  plan.parent = device.interface();
  plan.guest_name = device.interface();
  plan.addresses = PlanAddresses(device.addresses());
  plan.routes = PlanRoutes(device.routes());
  return plan;
}

absl::StatusOr<LaunchPlan> BuildPlan(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                     const std::string& default_partition) {
  LaunchPlan plan;
  plan.name = domain.name;
  plan.uid = domain.uid;
  plan.run = domain.run;
  plan.namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  if (spec.network_mode() != v1::NETWORK_MODE_HOST) plan.namespaces |= CLONE_NEWNET;
  if (spec.has_id_map()) {
    plan.namespaces |= CLONE_NEWUSER;
    plan.users = Ranges(spec.id_map().users());
    plan.groups = Ranges(spec.id_map().groups());
  }
  for (const v1::Filesystem& filesystem : spec.devices().filesystems()) {
    if (IsRoot(filesystem.target())) {
      plan.root = PlanFilesystem(filesystem);
    } else {
      plan.filesystems.push_back(PlanFilesystem(filesystem));
    }
  }
  if (plan.root.source.empty()) {
    absl::Status status = Error(v1::REASON_SPEC_INVALID, "devices.filesystems: no file system has the target \"/\"");
    AddFieldViolation(&status, "devices.filesystems", "no file system has the target \"/\"");
    return status;
  }
  int index = 0;
  for (const v1::Interface& interface : spec.devices().interfaces()) {
    plan.interfaces.push_back(PlanInterface(interface, index++));
  }
  for (const v1::HostDevice& device : spec.devices().host_devices()) {
    if (device.has_network()) plan.interfaces.push_back(PlanHostInterface(device.network()));
  }
  plan.hostname = Hostname(domain.name);
  plan.consoles = static_cast<uint32_t>(std::max(1, spec.devices().consoles_size()));
  for (const v1::Console& console : spec.devices().consoles()) {
    plan.console_logs.push_back({console.source().log_file(), console.source().log_append()});
  }
  const v1::OperatingSystem& os = spec.os();
  plan.init = os.init().empty() ? "/sbin/init" : os.init();
  plan.arguments.push_back(plan.init);
  plan.arguments.insert(plan.arguments.end(), os.init_arguments().begin(), os.init_arguments().end());
  plan.environment = Environment(domain, os, static_cast<int>(plan.consoles));
  plan.directory = os.init_directory().empty() ? "/" : os.init_directory();
  plan.user = os.init_user();
  plan.group = os.init_group();
  plan.capabilities = CapabilitySet(spec.features().capabilities());
  plan.no_new_privileges = spec.lxc().no_new_privileges();
  PlanProtectedPaths(spec.lxc(), &plan);
  plan.personality_32 = os.architecture() == "i686";
  plan.restart_on_reboot = spec.lifecycle_actions().on_reboot() != "destroy";
  plan.shutdown_signal = SignalOr(spec.shutdown_signals().shutdown(), SIGTERM);
  plan.reboot_signal = SignalOr(spec.shutdown_signals().reboot(), SIGHUP);
  plan.partition = spec.resource_partition().empty() ? default_partition : spec.resource_partition();
  return plan;
}

}  // namespace reeve::lxc
