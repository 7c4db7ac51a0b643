// Configurations of the lxc tools, both ways.
#include "formats/lxc_conf.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kLeast[] = "lxc.uts.name = one\nlxc.rootfs.path = /srv/one\n";

v1::Domain Parse(absl::string_view text, std::vector<Warning>* warnings = nullptr) {
  const auto domain = ParseLxcConf(text, warnings);
  INFO(text);
  INFO(domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

// The specification of the least configuration and `more`.
v1::DomainSpec Spec(absl::string_view more) {
  return Parse(absl::StrCat(kLeast, more)).spec();
}

void CheckRefused(absl::string_view text, v1::Reason reason, absl::string_view message) {
  const auto domain = ParseLxcConf(text);
  INFO(text.substr(0, 200));
  REQUIRE_FALSE(domain.ok());
  CHECK(ReasonOf(domain.status()) == reason);
  CHECK(absl::string_view(domain.status().message()) == message);
}

void CheckLineRefused(absl::string_view line, absl::string_view message) {
  CheckRefused(absl::StrCat(kLeast, line), v1::REASON_SPEC_INVALID, message);
}

TEST_CASE("the least configuration is filled in as libvirt does") {
  const v1::Domain domain = Parse("# a comment\r\n\n \t\nlxc.utsname=one\nlxc.rootfs =  /srv/one \n");
  CHECK(domain.name() == "hypervisors/lxc/domains/one");
  CHECK(domain.uid().empty());
  CHECK(domain.spec().memory_kib() == 65536);
  CHECK(domain.spec().vcpus() == 1);
  CHECK(domain.spec().os().type() == "exe");
  CHECK(domain.spec().os().init() == "/sbin/init");
  CHECK(domain.spec().network_mode() == v1::NETWORK_MODE_PRIVATE);
  CHECK(domain.spec().features().capabilities().policy() == v1::CapabilityPolicy::POLICY_ALLOW);
  REQUIRE(domain.spec().devices().filesystems_size() == 1);
  CHECK(domain.spec().devices().filesystems(0).source() == "/srv/one");
  CHECK(domain.spec().devices().filesystems(0).type() == v1::Filesystem::TYPE_MOUNT);
}

TEST_CASE("mounts") {
  const v1::DomainSpec spec = Spec(
      "lxc.mount.entry = proc proc proc nodev 0 0\n"
      "lxc.mount.entry = sysfs sys sysfs defaults 0 0\n"
      "lxc.mount.entry = /etc/resolv.conf etc/resolv.conf none bind,ro 0 0\n"
      "lxc.mount.entry = tmpfs\trun tmpfs mode=0755,size=8m 0 0\n"
      "lxc.mount.entry = /dev/sdb1 /data\\040disk ext4 defaults 0 0\n");
  REQUIRE(spec.devices().filesystems_size() == 4);
  CHECK(spec.devices().filesystems(1).target() == "/etc/resolv.conf");
  CHECK(spec.devices().filesystems(1).read_only());
  CHECK(spec.devices().filesystems(2).type() == v1::Filesystem::TYPE_RAM);
  CHECK(spec.devices().filesystems(2).ram_size_kib() == 8192);
  CHECK(spec.devices().filesystems(3).type() == v1::Filesystem::TYPE_BLOCK);
  CHECK(spec.devices().filesystems(3).target() == "/data disk");

  CheckLineRefused("lxc.mount.entry = a b c\n",
                   "line 3 column 19: lxc.mount.entry has not the four fields source, target, type and options");
  CheckLineRefused("lxc.mount.entry = tmpfs run tmpfs ro 0 0\n",
                   "line 3 column 19: lxc.mount.entry has a tmpfs without the option size");
  CheckLineRefused("lxc.mount.entry = tmpfs run tmpfs size=50% 0 0\n",
                   "line 3 column 19: lxc.mount.entry has the relative size '50%'");
  for (const absl::string_view key : {"lxc.mount", "lxc.mount.fstab"}) {
    const auto domain = ParseLxcConf(absl::StrCat(kLeast, key, " = /etc/fstab\n"));
    CHECK(ReasonOf(domain.status()) == v1::REASON_DOCUMENT_UNKNOWN);
  }
}

TEST_CASE("networks, by number in any order and by type") {
  const v1::DomainSpec spec = Spec(
      "lxc.net.7.link = br0\nlxc.net.1.type = macvlan\nlxc.net.7.type = veth\nlxc.net.1.link = eth0\n"
      "lxc.net.7.flags = up\nlxc.net.7.ipv4.address = 10.0.0.2/8\nlxc.net.7.ipv4.gateway = 10.0.0.1\n"
      "lxc.network.type = veth\nlxc.network.hwaddr = 00:16:3e:xx:xx:xx\n"
      "lxc.network.type = vlan\nlxc.network.link = eth1\nlxc.network.vlan.id = 12\n");
  REQUIRE(spec.devices().interfaces_size() == 3);
  CHECK(spec.devices().interfaces(0).type() == v1::Interface::TYPE_BRIDGE);
  CHECK(spec.devices().interfaces(0).link_up());
  REQUIRE(spec.devices().interfaces(0).routes_size() == 1);
  CHECK(spec.devices().interfaces(0).routes(0).gateway() == "10.0.0.1");
  CHECK(spec.devices().interfaces(1).source_mode() == "private");
  CHECK_FALSE(spec.devices().interfaces(1).link_up());
  CHECK(spec.devices().interfaces(2).type() == v1::Interface::TYPE_ETHERNET);
  CHECK(spec.devices().interfaces(2).mac_address().empty());
  REQUIRE(spec.devices().host_devices_size() == 1);
  CHECK(spec.devices().host_devices(0).network().interface() == "eth1.12");
  CHECK(spec.network_mode() == v1::NETWORK_MODE_UNSPECIFIED);

  CheckLineRefused("lxc.net.0.type = phys\n", "line 3 column 18: lxc.net.0.type needs a link");
  CheckLineRefused("lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.0.1\n",
                   "line 4 column 26: lxc.net.0.ipv4.address has '10.0.0.1', not an IPv4 address with its prefix "
                   "length");
  CheckRefused(absl::StrCat(kLeast, "lxc.net.0.type = ipvlan\n"), v1::REASON_DOCUMENT_UNKNOWN,
               "line 3 column 18: lxc.net.0.type has 'ipvlan', not one of empty, none, veth, macvlan, vlan, phys");
}

TEST_CASE("the host's network is not given away") {
  std::vector<Warning> warnings;
  const v1::Domain domain = Parse(absl::StrCat(kLeast, "lxc.net.0.type = none\n"), &warnings);
  CHECK(domain.spec().network_mode() != v1::NETWORK_MODE_HOST);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 3);
}

TEST_CASE("the first entry of an id map tells whose id comes first") {
  for (const absl::string_view text : {"lxc.id_map = u 10000 0 2000\n", "lxc.idmap = u 0 10000 2000\n"}) {
    const v1::DomainSpec spec = Spec(absl::StrCat(text, "lxc.idmap = g 5 0 9\n"));
    REQUIRE(spec.id_map().users_size() == 1);
    CHECK(spec.id_map().users(0).start() == 0);
    CHECK(spec.id_map().users(0).target() == 10000);
    CHECK(spec.id_map().users(0).count() == 2000);
    CHECK(spec.id_map().groups(0).target() == 5);
  }
  CheckLineRefused("lxc.idmap = x 0 1 2\n",
                   "line 3 column 13: lxc.idmap has 'x 0 1 2', not u, g or b and three numbers");
  CheckLineRefused("lxc.idmap = u 0 1 4294967296\n",
                   "line 3 column 13: lxc.idmap has 4294967296, 0 to 4294967295 is allowed");
}

TEST_CASE("limits") {
  const v1::DomainSpec spec = Spec(
      "lxc.cgroup.memory.limit_in_bytes = 1G\nlxc.cgroup.memory.memsw.limit_in_bytes = -1\n"
      "lxc.cgroup.cpu.shares = 512\nlxc.cgroup.cpu.cfs_quota_us = -1\nlxc.cgroup.cpuset.cpus = 5-7,1,2\n"
      "lxc.cgroup.cpuset.mems = 1-4\nlxc.cgroup.blkio.weight = 500\nlxc.cgroup.blkio.device_weight = 8:16 1000\n"
      "lxc.cgroup.blkio.throttle.read_bps_device = 8:16 25\n");
  CHECK(spec.memory_kib() == 1048576);
  CHECK(spec.memory_tuning().hard_limit_kib() == 1048576);
  CHECK_FALSE(spec.memory_tuning().has_swap_hard_limit_kib());
  CHECK(spec.cpu_tuning().shares() == 512);
  CHECK(spec.cpu_tuning().quota_us() == -1);
  CHECK(spec.cpu_placement().cpuset() == "1-2,5-7");
  CHECK(spec.numa_tuning().nodeset() == "1-4");
  REQUIRE(spec.block_io_tuning().devices_size() == 1);
  CHECK(spec.block_io_tuning().devices(0).path() == "/dev/block/8:16");
  CHECK(spec.block_io_tuning().devices(0).weight() == 1000);
  CHECK(spec.block_io_tuning().devices(0).read_bytes_per_second() == 25);
  CheckLineRefused("lxc.cgroup.blkio.device_weight = ../sda 5\n",
                   "line 3 column 34: lxc.cgroup.blkio.device_weight has '../sda 5', not MAJOR:MINOR and a number");
  CheckLineRefused("lxc.cgroup.cpu.shares = many\n",
                   "line 3 column 25: lxc.cgroup.cpu.shares has 'many', not a whole number");
}

TEST_CASE("consoles, architecture and capabilities") {
  const v1::DomainSpec spec = Spec(
      "lxc.tty = 2\nlxc.arch = x86\nlxc.cap.drop = kill\nlxc.cap.drop =\n"
      "lxc.cap.drop = sys_module mknod\nlxc.cap.drop = mac_admin\n");
  CHECK(spec.os().architecture() == "i686");
  REQUIRE(spec.devices().consoles_size() == 2);
  CHECK(spec.devices().consoles(1).target_port() == 1);
  std::string dropped;
  for (const auto& state : spec.features().capabilities().states()) absl::StrAppend(&dropped, state.name(), " ");
  CHECK(dropped == "mac_admin mknod sys_module ");
  CheckLineRefused("lxc.tty.max = 2000000000\n", "line 3 column 15: lxc.tty.max has 2000000000, 0 to 256 is allowed");
}

TEST_CASE("what has no effect is warned of") {
  std::vector<Warning> warnings;
  Parse(absl::StrCat(kLeast, "lxc.autodev = 1\nlxc.include = /etc/x\nlxc.cap.drop = fly\n"), &warnings);
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0].line == 3);
  CHECK(warnings[0].message == "lxc.autodev has no effect and is ignored");
  CHECK(warnings[2].line == 5);
}

TEST_CASE("what is not a configuration is refused") {
  CheckRefused("lxc.uts.name = a\nno sign\n", v1::REASON_DOCUMENT_MALFORMED,
               "line 2 column 1: there is no '=' behind the key");
  CheckRefused("lxc.uts.name = a\n  b = c\n", v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 3: 'b' is not a key of lxc");
  CheckRefused("= a\n", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1: '' is not a key");
  CheckRefused("lxc.a = \xff\n", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 9: the text is not valid UTF-8");
  CheckRefused(absl::string_view("lxc.a = \0\n", 10), v1::REASON_DOCUMENT_MALFORMED,
               "line 1 column 1: the line has a control character");
  CheckRefused("", v1::REASON_SPEC_INVALID, "line 1 column 1: lxc.uts.name is missing");
  CheckRefused("lxc.uts.name = a\n", v1::REASON_SPEC_INVALID, "line 1 column 1: lxc.rootfs.path is missing");
  CHECK(ReasonOf(ParseLxcConf(std::string(kMaxLxcConfBytes + 1, '\n')).status()) == v1::REASON_DOCUMENT_MALFORMED);
  std::string many;
  for (size_t i = 0; i <= kMaxLxcConfLines; ++i) many += "lxc.a = b\n";
  CHECK(ReasonOf(ParseLxcConf(many).status()) == v1::REASON_DOCUMENT_MALFORMED);
  // The bounds of the model, with the line that broke them.
  const auto relative = ParseLxcConf("lxc.uts.name = a\nlxc.rootfs.path = x\n");
  CHECK(absl::StartsWith(relative.status().message(), "line 2 column 19: spec.devices.filesystems[0].source "));
}

TEST_CASE("what was written reads back the same") {
  const v1::Domain domain = Parse(absl::StrCat(
      kLeast,
      "lxc.tty.max = 1\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
      "lxc.mount.entry = /a\\040b mnt none bind,ro 0 0\nlxc.mount.entry = tmpfs run tmpfs size=8m 0 0\n"
      "lxc.net.0.type = macvlan\nlxc.net.0.link = eth0\nlxc.net.0.macvlan.mode = passthru\nlxc.net.0.flags = up\n"
      "lxc.net.0.ipv6.address = fd00::2/64\nlxc.net.0.ipv6.gateway = fd00::1\n"
      "lxc.net.1.type = phys\nlxc.net.1.link = eth1\n"
      "lxc.cgroup.memory.limit_in_bytes = 1G\nlxc.cgroup.cpu.shares = 512\nlxc.cgroup.cpuset.cpus = 0-3\n"
      "lxc.cgroup.blkio.device_weight = 8:16 1000\nlxc.cap.drop = mknod sys_module\n"));
  const auto text = WriteLxcConf(domain);
  INFO(text.status().message());
  REQUIRE(text.ok());
  INFO(*text);
  CHECK(Parse(*text).ShortDebugString() == domain.ShortDebugString());
}

TEST_CASE("what lxc cannot express is named") {
  v1::Domain domain = Parse(kLeast);
  domain.mutable_spec()->set_title("a title");
  domain.mutable_spec()->mutable_devices()->add_disks()->set_source("/dev/sda");
  domain.mutable_spec()->mutable_cpu_tuning()->set_emulator_quota_us(5);
  const auto text = WriteLxcConf(domain);
  REQUIRE_FALSE(text.ok());
  CHECK(ReasonOf(text.status()) == v1::REASON_SPEC_UNSUPPORTED);
  CHECK(absl::string_view(text.status().message()) ==
        "hypervisors/lxc/domains/one cannot be an lxc configuration: spec.title has no form in lxc");

  domain = Parse(kLeast);
  domain.mutable_spec()->mutable_devices()->mutable_filesystems(0)->set_source("/srv/a\nlxc.hook.start = /x");
  CHECK_FALSE(WriteLxcConf(domain).ok());
}

TEST_CASE("a domain that starts without capabilities keeps those that are on") {
  v1::Domain domain = Parse(kLeast);
  auto* policy = domain.mutable_spec()->mutable_features()->mutable_capabilities();
  policy->set_policy(v1::CapabilityPolicy::POLICY_DENY);
  auto* state = policy->add_states();
  state->set_name("kill");
  state->set_on(true);
  CHECK(absl::StrContains(*WriteLxcConf(domain), "lxc.cap.keep = kill\n"));
  policy->set_policy(v1::CapabilityPolicy::POLICY_DEFAULT);
  CHECK(absl::StrContains(*WriteLxcConf(domain), "lxc.cap.drop = sys_module sys_time mknod audit_control mac_admin\n"));
}

}  // namespace
}  // namespace reeve::formats
