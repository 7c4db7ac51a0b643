#include "formats/domain_spec_check.h"

#include <catch2/catch.hpp>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/spec_faults.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Spec = v1::DomainSpec;

// A specification with something in every list, without fault.
Spec Sound() {
  Spec spec;
  spec.set_memory_kib(65536);
  spec.mutable_os()->set_type("exe");
  auto* users = spec.mutable_id_map()->add_users();
  users->set_target(100000);
  users->set_count(65536);
  *spec.mutable_id_map()->add_groups() = *users;
  auto* devices = spec.mutable_devices();
  auto* root = devices->add_filesystems();
  root->set_source("/srv/a");
  root->set_target("/");
  auto* ram = devices->add_filesystems();
  ram->set_type(v1::Filesystem::TYPE_RAM);
  ram->set_ram_size_kib(1);
  ram->set_target("/tmp");
  auto* interface = devices->add_interfaces();
  interface->set_type(v1::Interface::TYPE_BRIDGE);
  interface->set_source("br0");
  auto* disk = devices->add_disks();
  disk->set_source("/dev/sdb");
  disk->set_target_device("sda");
  devices->add_consoles();
  devices->add_host_devices()->set_misc_character("/dev/tty0");
  return spec;
}

struct Case {
  std::string field;
  std::function<void(Spec*)> change;
};

void CheckCases(const std::vector<Case>& cases) {
  for (const Case& wrong : cases) {
    Spec spec = Sound();
    wrong.change(&spec);
    CAPTURE(wrong.field);
    CAPTURE(spec.ShortDebugString());
    const auto faults = FindSpecFaults(spec);
    REQUIRE(faults.size() >= 1);
    CHECK(faults[0].field == wrong.field);
    const absl::Status status = CheckDomainSpec(spec);
    CHECK(ReasonOf(status) == v1::REASON_SPEC_INVALID);
    CHECK(absl::StartsWith(status.message(), wrong.field + " "));
  }
}

v1::Filesystem* Root(Spec* spec) {
  return spec->mutable_devices()->mutable_filesystems(0);
}
v1::Filesystem* Ram(Spec* spec) {
  return spec->mutable_devices()->mutable_filesystems(1);
}
v1::Interface* Link(Spec* spec) {
  return spec->mutable_devices()->mutable_interfaces(0);
}
v1::InterfaceRoute* Route(Spec* spec, const char* destination, const char* gateway) {
  auto* route = Link(spec)->add_routes();
  route->set_family("ipv4");
  route->set_destination(destination);
  route->set_gateway(gateway);
  return route;
}

TEST_CASE("sound specifications pass") {
  CHECK(CheckDomainSpec(Spec()).ok());
  CHECK(CheckDomainSpec(Sound()).message() == "");
}

TEST_CASE("a script may be an argument of init") {
  Spec spec = Sound();
  spec.mutable_os()->add_init_arguments("while true\ndo\n\tsleep 1\ndone\n");
  CHECK(CheckDomainSpec(spec).message() == "");
  spec.mutable_os()->add_init_arguments(std::string(32769, 'x'));
  CHECK_FALSE(CheckDomainSpec(spec).ok());
}

TEST_CASE("faults of texts and numbers") {
  CheckCases({
      {"spec.title", [](Spec* spec) { spec->set_title("a\nb"); }},
      {"spec.title", [](Spec* spec) { spec->set_title(std::string(4097, 'x')); }},
      {"spec.description", [](Spec* spec) { spec->set_description("a\x01"); }},
      {"spec.metadata[0]", [](Spec* spec) { spec->add_metadata("<a/>"); }},
      {"spec.metadata[0]", [](Spec* spec) { spec->add_metadata("<a xmlns='u'/></metadata>"); }},
      {"spec.metadata[1]",
       [](Spec* spec) {
         spec->add_metadata("<a xmlns='u'/>");
         spec->add_metadata("");
       }},
      {"spec.memory_kib", [](Spec* spec) { spec->set_memory_kib(1023); }},
      {"spec.memory_kib", [](Spec* spec) { spec->set_memory_kib(UINT64_MAX); }},
      {"spec.current_memory_kib", [](Spec* spec) { spec->set_current_memory_kib(65537); }},
      {"spec.vcpus", [](Spec* spec) { spec->set_vcpus(4097); }},
      {"spec.cpu_placement.cpuset", [](Spec* spec) { spec->mutable_cpu_placement()->set_cpuset("3-1"); }},
      {"spec.cpu_placement.current", [](Spec* spec) { spec->mutable_cpu_placement()->set_current(2); }},
      {"spec.cpu_tuning.shares", [](Spec* spec) { spec->mutable_cpu_tuning()->set_shares(262145); }},
      {"spec.cpu_tuning.period_us", [](Spec* spec) { spec->mutable_cpu_tuning()->set_period_us(999); }},
      {"spec.cpu_tuning.quota_us", [](Spec* spec) { spec->mutable_cpu_tuning()->set_quota_us(999); }},
      {"spec.memory_tuning.hard_limit_kib", [](Spec* spec) { spec->mutable_memory_tuning()->set_hard_limit_kib(0); }},
      {"spec.memory_tuning.swap_hard_limit_kib",
       [](Spec* spec) {
         spec->mutable_memory_tuning()->set_hard_limit_kib(2048);
         spec->mutable_memory_tuning()->set_swap_hard_limit_kib(2047);
       }},
      {"spec.numa_tuning.nodeset", [](Spec* spec) { spec->mutable_numa_tuning()->set_mode("strict"); }},
      {"spec.block_io_tuning.weight", [](Spec* spec) { spec->mutable_block_io_tuning()->set_weight(9); }},
      {"spec.block_io_tuning.devices[0].path",
       [](Spec* spec) { spec->mutable_block_io_tuning()->add_devices()->set_path("sda"); }},
      {"spec.resource_partition", [](Spec* spec) { spec->set_resource_partition("/a/../b"); }},
      {"spec.lifecycle_actions.on_crash", [](Spec* spec) { spec->mutable_lifecycle_actions()->set_on_crash("x"); }},
      {"spec.shutdown_signals.shutdown", [](Spec* spec) { spec->mutable_shutdown_signals()->set_shutdown("TERM"); }},
      {"spec.lxc.id_map_count", [](Spec* spec) { spec->mutable_lxc()->set_id_map_count(0); }},
      {"spec.lxc.id_map_mode",
       [](Spec* spec) { spec->mutable_lxc()->set_id_map_mode(v1::LxcOptions::ID_MAP_MODE_HOST); }},
      {"spec.lxc.system_calls.rules[0].name",
       [](Spec* spec) { spec->mutable_lxc()->mutable_system_calls()->add_rules()->set_name("a b"); }},
      {"spec.lxc.open_paths[0]", [](Spec* spec) { spec->mutable_lxc()->add_open_paths("proc"); }},
      {"spec.lxc.devices[0].type", [](Spec* spec) { spec->mutable_lxc()->add_devices()->set_access("r"); }},
      {"spec.lxc.devices[0].access",
       [](Spec* spec) {
         spec->mutable_lxc()->add_devices()->set_type("char");
         spec->mutable_lxc()->mutable_devices(0)->set_access("rr");
       }},
      {"spec.clock.offset", [](Spec* spec) { spec->mutable_clock()->set_offset("x"); }},
      {"spec.clock.time_zone", [](Spec* spec) { spec->mutable_clock()->set_offset("timezone"); }},
      {"spec.clock.adjustment", [](Spec* spec) { spec->mutable_clock()->set_adjustment("1"); }},
      {"spec.clock.timers[0].name", [](Spec* spec) { spec->mutable_clock()->add_timers(); }},
      {"spec.security_labels[0].label", [](Spec* spec) { spec->add_security_labels()->set_type("static"); }},
      {"spec.namespaces.ipc.kind",
       [](Spec* spec) { spec->mutable_namespaces()->mutable_ipc()->set_kind(v1::SharedNamespace::KIND_NETNS); }},
      {"spec.namespaces.uts.value",
       [](Spec* spec) {
         spec->mutable_namespaces()->mutable_uts()->set_kind(v1::SharedNamespace::KIND_PID);
         spec->mutable_namespaces()->mutable_uts()->set_value("01");
       }},
      {"spec.network_mode", [](Spec* spec) { spec->set_network_mode(v1::NETWORK_MODE_HOST); }},
      {"spec.network_mode", [](Spec* spec) { spec->set_network_mode(static_cast<v1::NetworkMode>(9)); }},
  });
}

TEST_CASE("faults of the first program and its ids") {
  CheckCases({
      {"spec.os.type", [](Spec* spec) { spec->mutable_os()->set_type("uml"); }},
      {"spec.os.init", [](Spec* spec) { spec->mutable_os()->set_init("sh"); }},
      {"spec.os.init", [](Spec* spec) { spec->mutable_os()->set_init(std::string("/a\0b", 4)); }},
      {"spec.os.init_directory", [](Spec* spec) { spec->mutable_os()->set_init_directory("/a/./b"); }},
      {"spec.os.init_arguments",
       [](Spec* spec) {
         for (int i = 0; i < 257; ++i) spec->mutable_os()->add_init_arguments("x");
       }},
      {"spec.os.init_arguments[0]", [](Spec* spec) { spec->mutable_os()->add_init_arguments("\x1b"); }},
      {"spec.os.init_environment[0].name",
       [](Spec* spec) { spec->mutable_os()->add_init_environment()->set_name("A=B"); }},
      {"spec.features.capabilities.states[0].name",
       [](Spec* spec) { spec->mutable_features()->mutable_capabilities()->add_states()->set_name("cap_mknod"); }},
      {"spec.features.capabilities.states[1].name",
       [](Spec* spec) {
         for (int i = 0; i < 2; ++i) {
           spec->mutable_features()->mutable_capabilities()->add_states()->set_name("mknod");
         }
       }},
      {"spec.id_map.groups", [](Spec* spec) { spec->mutable_id_map()->clear_groups(); }},
      {"spec.id_map.users[0].start", [](Spec* spec) { spec->mutable_id_map()->mutable_users(0)->set_start(1); }},
      {"spec.id_map.users[0].count", [](Spec* spec) { spec->mutable_id_map()->mutable_users(0)->set_count(0); }},
      {"spec.id_map.users[0]",
       [](Spec* spec) { spec->mutable_id_map()->mutable_users(0)->set_target(UINT32_MAX - 1); }},
      {"spec.id_map.users[1]",
       [](Spec* spec) {
         auto* second = spec->mutable_id_map()->add_users();
         second->set_start(65535);
         second->set_target(1);
         second->set_count(1);
       }},
      {"spec.id_map.users[1]",
       [](Spec* spec) {
         auto* second = spec->mutable_id_map()->add_users();
         second->set_start(70000);
         second->set_target(165535);
         second->set_count(1);
       }},
  });
}

TEST_CASE("faults of devices") {
  CheckCases({
      {"spec.devices.emulator", [](Spec* spec) { spec->mutable_devices()->set_emulator("x"); }},
      {"spec.devices.filesystems[0].source", [](Spec* spec) { Root(spec)->clear_source(); }},
      {"spec.devices.filesystems[0].source", [](Spec* spec) { Root(spec)->set_source("srv"); }},
      {"spec.devices.filesystems[0].source", [](Spec* spec) { Root(spec)->set_source("/a/.."); }},
      {"spec.devices.filesystems[0].target", [](Spec* spec) { Root(spec)->clear_target(); }},
      {"spec.devices.filesystems[0].type",
       [](Spec* spec) { Root(spec)->set_type(static_cast<v1::Filesystem::Type>(99)); }},
      {"spec.devices.filesystems[0].ram_size_kib", [](Spec* spec) { Root(spec)->set_ram_size_kib(1); }},
      {"spec.devices.filesystems[0].driver_format", [](Spec* spec) { Root(spec)->set_driver_format("zip"); }},
      {"spec.devices.filesystems[1].ram_size_kib", [](Spec* spec) { Ram(spec)->set_ram_size_kib(0); }},
      {"spec.devices.filesystems[1].source", [](Spec* spec) { Ram(spec)->set_source("/x"); }},
      {"spec.devices.filesystems",
       [](Spec* spec) {
         while (spec->devices().filesystems_size() <= 256) *spec->mutable_devices()->add_filesystems() = *Root(spec);
       }},
      {"spec.devices.interfaces[0].type", [](Spec* spec) { Link(spec)->clear_type(); }},
      {"spec.devices.interfaces[0].source", [](Spec* spec) { Link(spec)->clear_source(); }},
      {"spec.devices.interfaces[0].source", [](Spec* spec) { Link(spec)->set_source("a/b"); }},
      {"spec.devices.interfaces[0].source", [](Spec* spec) { Link(spec)->set_type(v1::Interface::TYPE_ETHERNET); }},
      {"spec.devices.interfaces[0].source_mode", [](Spec* spec) { Link(spec)->set_source_mode("vepa"); }},
      {"spec.devices.interfaces[0].target_device",
       [](Spec* spec) { Link(spec)->set_target_device("sixteen-bytes-xx"); }},
      {"spec.devices.interfaces[0].guest_device", [](Spec* spec) { Link(spec)->set_guest_device("a b"); }},
      {"spec.devices.interfaces[1].guest_device",
       [](Spec* spec) {
         Link(spec)->set_guest_device("eth0");
         *spec->mutable_devices()->add_interfaces() = *Link(spec);
       }},
      {"spec.devices.interfaces[0].mac_address", [](Spec* spec) { Link(spec)->set_mac_address("02:00:00:00:00"); }},
      {"spec.devices.interfaces[0].mac_address", [](Spec* spec) { Link(spec)->set_mac_address("03:00:00:00:00:01"); }},
      {"spec.devices.interfaces[0].mac_address", [](Spec* spec) { Link(spec)->set_mac_address("00:00:00:00:00:00"); }},
      {"spec.devices.interfaces[0].mtu", [](Spec* spec) { Link(spec)->set_mtu(67); }},
      {"spec.devices.interfaces[0].addresses[0].address",
       [](Spec* spec) { Link(spec)->add_addresses()->set_address("10.0.0.256"); }},
      {"spec.devices.interfaces[0].addresses[0].prefix",
       [](Spec* spec) {
         Link(spec)->add_addresses()->set_address("10.0.0.1");
         Link(spec)->mutable_addresses(0)->set_prefix(33);
       }},
      {"spec.devices.interfaces[0].addresses[0].peer",
       [](Spec* spec) {
         Link(spec)->add_addresses()->set_address("10.0.0.1");
         Link(spec)->mutable_addresses(0)->set_peer("::1");
       }},
      {"spec.devices.interfaces[0].routes[0].gateway", [](Spec* spec) { Route(spec, "0.0.0.0", "::1"); }},
      {"spec.devices.interfaces[0].routes[0].metric",
       [](Spec* spec) { Route(spec, "0.0.0.0", "10.0.0.1")->set_metric(0); }},
      {"spec.devices.interfaces[0].routes[0].netmask",
       [](Spec* spec) { Route(spec, "0.0.0.0", "10.0.0.1")->set_netmask("255.0.255.0"); }},
      {"spec.devices.interfaces[0].vlan.tags", [](Spec* spec) { Link(spec)->mutable_vlan(); }},
      {"spec.devices.interfaces[0].vlan.tags[0].id",
       [](Spec* spec) { Link(spec)->mutable_vlan()->add_tags()->set_id(4096); }},
      {"spec.devices.interfaces[0].bandwidth.inbound",
       [](Spec* spec) { Link(spec)->mutable_bandwidth()->mutable_inbound(); }},
      {"spec.devices.interfaces[0].filter.filter", [](Spec* spec) { Link(spec)->mutable_filter(); }},
      {"spec.devices.interfaces[0].host_addresses",
       [](Spec* spec) { Link(spec)->add_host_addresses()->set_address("10.0.0.1"); }},
      {"spec.devices.consoles[0].type",
       [](Spec* spec) { spec->mutable_devices()->mutable_consoles(0)->set_type("tcp"); }},
      {"spec.devices.consoles[1].target_port",
       [](Spec* spec) { spec->mutable_devices()->add_consoles()->set_target_port(0); }},
      {"spec.devices.disks[0].source", [](Spec* spec) { spec->mutable_devices()->mutable_disks(0)->clear_source(); }},
      {"spec.devices.disks[0].target_device",
       [](Spec* spec) { spec->mutable_devices()->mutable_disks(0)->set_target_device("../sda"); }},
      {"spec.devices.host_devices[1]", [](Spec* spec) { spec->mutable_devices()->add_host_devices(); }},
      {"spec.devices.host_devices[1].usb",
       [](Spec* spec) { spec->mutable_devices()->add_host_devices()->mutable_usb()->set_vendor(1); }},
      {"spec.devices.host_devices[1].network.interface",
       [](Spec* spec) { spec->mutable_devices()->add_host_devices()->mutable_network(); }},
  });
}

TEST_CASE("all faults are told, and no more than twenty") {
  Spec spec = Sound();
  Root(&spec)->set_source("a");
  spec.set_vcpus(5000);
  CHECK(FindSpecFaults(spec).size() == 2);
  for (int i = 0; i < 200; ++i) spec.mutable_os()->add_init_arguments("\x1b");
  CHECK(FindSpecFaults(spec).size() == kMaxSpecFaults);
}

TEST_CASE("every field that comes typed has bounds, also those that no other check knows") {
  const auto refused = [](const char* field, void (*change)(Spec*)) {
    Spec spec = Sound();
    REQUIRE(CheckDomainSpec(spec).ok());
    change(&spec);
    const auto violations = FieldViolationsOf(CheckDomainSpec(spec));
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].first == field);
  };
  refused("spec.devices.graphics[0].keymap",
          [](Spec* spec) { spec->mutable_devices()->add_graphics()->set_keymap(std::string(65537, 'x')); });
  refused("spec.devices.graphics[1].password", [](Spec* spec) {
    spec->mutable_devices()->add_graphics();
    spec->mutable_devices()->add_graphics()->set_password("a\x1b[2J");
  });
  refused("spec.cpu.features", [](Spec* spec) {
    for (int i = 0; i < 16385; ++i) spec->mutable_cpu()->add_features()->set_name("x");
  });
  // One fault a field, be it told by two checks.
  refused("spec.devices.filesystems[0].type",
          [](Spec* spec) { Root(spec)->set_type(static_cast<v1::Filesystem::Type>(77)); });
}

}  // namespace
}  // namespace reeve::formats
