// Real containers: what a guest finds inside, and what a failed start leaves outside.
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "drivers/lxc/lxc_driver.h"
#include "drivers/lxc/testdata/test_host.h"
#include "proto/status.h"
#include "util/fd.h"

namespace reeve::lxc {
namespace {

using drivers::DomainKey;

constexpr uint32_t kFirstId = 300000;

void MapIds(v1::DomainSpec* spec) {
  for (auto* ranges : {spec->mutable_id_map()->mutable_users(), spec->mutable_id_map()->mutable_groups()}) {
    v1::IdMapping* range = ranges->Add();
    range->set_target(kFirstId);
    range->set_count(65536);
  }
}

v1::Filesystem* AddFilesystem(v1::DomainSpec* spec, v1::Filesystem::Type type, const std::string& source,
                              const std::string& target) {
  v1::Filesystem* filesystem = spec->mutable_devices()->add_filesystems();
  filesystem->set_type(type);
  filesystem->set_source(source);
  filesystem->set_target(target);
  return filesystem;
}

std::vector<std::string> Lines(const std::string& output) {
  return absl::StrSplit(output, "\r\n", absl::SkipEmpty());
}

// The links of the test's network namespace, as ip(8) prints them.
std::string HostLinks() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("busybox ip -o link", "re"), &pclose);
  REQUIRE(pipe != nullptr);
  std::string output(64 * 1024, '\0');
  output.resize(fread(output.data(), 1, output.size(), pipe.get()));
  return output;
}

TEST_CASE("init finds its environment, name, directory and nothing else open") {
  TestHost host;
  // Descriptors of ours that must not be seen inside.
  std::vector<util::UniqueFd> open;
  for (int i = 0; i < 1000; ++i) open.emplace_back(dup(0));
  v1::DomainSpec spec = host.Shell(
      "echo $container $container_uuid $LIBVIRT_LXC_NAME $LIBVIRT_LXC_CMDLINE $TERM $EXTRA; hostname; pwd; echo $$; ls "
      "/proc/1/fd; echo end");
  spec.mutable_os()->set_command_line("quiet");
  spec.mutable_os()->set_init_directory("/tmp");
  auto* variable = spec.mutable_os()->add_init_environment();
  variable->set_name("EXTRA");
  variable->set_value("a b");
  const std::vector<std::string> lines = Lines(host.Output(spec));
  REQUIRE(lines.size() >= 5);
  CHECK(lines[0] == absl::StrCat("lxc-libvirt ", host.Key("output").uid, " output quiet linux a b"));
  CHECK(lines[1] == "output");
  CHECK(lines[2] == "/tmp");
  CHECK(lines[3] == "1");
  std::string descriptors;
  for (size_t i = 4; i < lines.size(); ++i) descriptors += lines[i] + " ";
  // busybox's shell keeps its terminal as 10.
  CHECK((absl::StrContains(descriptors, "0") && absl::StrContains(descriptors, "end")));
  CHECK_FALSE(absl::StrContains(descriptors, "3"));
  CHECK(descriptors.size() < 30);
}

TEST_CASE("a guest has its own devices, terminals and file systems, and not the host's") {
  TestHost host;
  WriteFile(host.directory() + "/secret", "x");
  const std::string output = host.Output(host.Shell(
      "cat /proc/mounts; for d in null zero full random urandom tty; do [ -c /dev/$d ] && echo has $d; done; "
      "echo out > /dev/null && echo writes null; [ -t 0 ] && echo terminal; readlink /dev/fd; readlink /dev/ptmx; "
      "touch /proc/sys/kernel/hostname || echo sysctl protected; echo b > /proc/sysrq-trigger || echo sysrq protected; "
      "touch /sys/x || echo sys protected; ls -d " +
      host.directory() + " || echo no host; echo x > /dev/tty && echo ctty"));
  for (const char* device : {"null", "zero", "full", "random", "urandom", "tty"}) {
    CHECK(absl::StrContains(output, absl::StrCat("has ", device)));
  }
  for (const char* text :
       {"writes null", "terminal", "/proc/self/fd\r\npts/ptmx", "sysctl protected", "sysrq protected", "sys protected",
        "no host", "ctty", "proc /proc proc rw,nosuid,nodev,noexec", "proc /proc/sys proc ro,",
        "proc /proc/sys/net proc rw,", "sysfs /sys sysfs ro,", "mqueue /dev/mqueue"}) {
    INFO(text << " in\n" << output);
    CHECK(absl::StrContains(output, text));
  }
  CHECK_FALSE(absl::StrContains(output, "cgroup"));
}

TEST_CASE("with an id map the guest's root is nobody on the host, and its files are shifted") {
  TestHost host;
  const HostState before = host.State();
  v1::DomainSpec spec = host.Shell(
      "id -u; cat /proc/self/uid_map; stat -c %u:%g /etc/passwd; touch /made; stat -c %u /made; "
      "stat -c %u /dev/null /dev/console; echo x > /dev/null && echo null; mount -t tmpfs t /mnt && echo mounts; "
      "touch /shared/x && stat -c shared=%u /shared/x; hostname other && hostname; ip link set lo down && echo net");
  MapIds(&spec);
  const std::string shared = host.directory() + "/shared";
  REQUIRE(mkdir(shared.c_str(), 0755) == 0);
  AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, shared, "/shared");
  const std::string output = host.Output(spec);
  INFO(output);
  const std::vector<std::string> lines = Lines(output);
  REQUIRE(lines.size() >= 11);
  CHECK(lines[0] == "0");
  CHECK(absl::StrContains(lines[1], "300000"));
  CHECK(lines[2] == "0:0");
  CHECK(lines[3] == "0");
  CHECK(lines[4] == "0");
  CHECK(lines[5] == "0");
  for (const char* text : {"null", "mounts", "shared=0", "other", "net"})
    CHECK(absl::StrContains(output, text));
  struct stat status = {};
  REQUIRE(stat((host.root() + "/made").c_str(), &status) == 0);
  CHECK(status.st_uid == 0);  // as the root directory belongs to the host's root, so does what the guest's makes
  host.AwaitState(before);
}

TEST_CASE("a root that belongs to the mapped ids is used as it is") {
  TestHost host;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(host.root())) {
    REQUIRE(lchown(entry.path().c_str(), kFirstId, kFirstId) == 0);
  }
  REQUIRE(chown(host.root().c_str(), kFirstId, kFirstId) == 0);
  v1::DomainSpec spec = host.Shell("stat -c %u /etc/passwd; touch /made && echo made");
  MapIds(&spec);
  const std::string output = host.Output(spec);
  CHECK(Lines(output)[0] == "0");
  struct stat status = {};
  REQUIRE(stat((host.root() + "/made").c_str(), &status) == 0);
  CHECK(status.st_uid == kFirstId);
}

TEST_CASE("init runs as the user of the specification") {
  TestHost host;
  v1::DomainSpec spec = host.Shell("id -u; id -g; grep Cap /proc/self/status; echo x > /dev/tty && echo tty");
  SECTION("by name, with the user's group") {
    spec.mutable_os()->set_init_user("web");
    CHECK(absl::StartsWith(host.Output(spec), "1001\r\n1002\r\n"));
  }
  SECTION("by number, with another group") {
    spec.mutable_os()->set_init_user("+4711");
    spec.mutable_os()->set_init_group("log");
    CHECK(absl::StartsWith(host.Output(spec), "4711\r\n1003\r\n"));
  }
  SECTION("or not at all, when there is none") {
    spec.mutable_os()->set_init_user("nobody-here");
    const absl::Status status = host.driver()->Start(host.Key("a"), spec, false).status();
    CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
    CHECK(absl::StrContains(status.message(), "user nobody-here is not in /etc/passwd of the guest"));
  }
}

TEST_CASE("capabilities follow the policy") {
  TestHost host;
  v1::DomainSpec spec = host.Shell("grep CapBnd /proc/self/status; grep CapEff /proc/self/status");
  auto* capabilities = spec.mutable_features()->mutable_capabilities();
  const auto bounding = [&] {
    const std::string line = Lines(host.Output(spec))[0];
    return std::stoull(line.substr(line.find('\t') + 1), nullptr, 16);
  };
  const auto has = [](uint64_t set, int number) { return (set >> number & 1) != 0; };
  SECTION("default") {
    const uint64_t set = bounding();
    CHECK(has(set, 21));        // sys_admin
    CHECK_FALSE(has(set, 16));  // sys_module
    CHECK_FALSE(has(set, 25));  // sys_time
    CHECK_FALSE(has(set, 27));  // mknod
  }
  SECTION("deny, but one") {
    capabilities->set_policy(v1::CapabilityPolicy::POLICY_DENY);
    auto* state = capabilities->add_states();
    state->set_name("chown");
    state->set_on(true);
    CHECK(bounding() == 1);
  }
  SECTION("allow, but one") {
    capabilities->set_policy(v1::CapabilityPolicy::POLICY_ALLOW);
    auto* state = capabilities->add_states();
    state->set_name("kill");
    const uint64_t set = bounding();
    CHECK(has(set, 27));
    CHECK_FALSE(has(set, 5));
  }
}

TEST_CASE("file systems are mounted where they shall be") {
  TestHost host;
  const std::string data = host.directory() + "/data";
  REQUIRE(mkdir(data.c_str(), 0755) == 0);
  WriteFile(data + "/file", "from the host");
  v1::DomainSpec spec = host.Shell(
      "cat /srv/deep/data/file; echo; cat /one; echo; touch /srv/deep/data/x || echo read-only; touch /again/passwd2 "
      "|| echo again read-only; "
      "ls /again; touch /scratch/y && echo ram; grep scratch /proc/mounts; touch /x || echo root read-only");
  spec.mutable_devices()->mutable_filesystems(0)->set_read_only(true);
  AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, data, "/srv/deep/data")->set_read_only(true);
  AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, data + "/file", "/one");
  AddFilesystem(&spec, v1::Filesystem::TYPE_BIND, "/etc", "/again")->set_read_only(true);
  AddFilesystem(&spec, v1::Filesystem::TYPE_RAM, "", "/scratch")->set_ram_size_kib(1024);
  const bool mapped = GENERATE(false, true);
  if (mapped) MapIds(&spec);
  const std::string output = host.Output(spec);
  INFO(output);
  CHECK(absl::StartsWith(output, "from the host\r\nfrom the host\r\n"));
  for (const char* text : {"\nread-only", "again read-only", "passwd", "ram", "size=1024k", "root read-only"}) {
    CHECK(absl::StrContains(output, text));
  }
}

TEST_CASE("links in the guest's root lead nowhere outside it") {
  TestHost host;
  const std::string outside = host.directory() + "/outside";
  REQUIRE(mkdir(outside.c_str(), 0755) == 0);
  const std::string data = host.directory() + "/data";
  REQUIRE(mkdir(data.c_str(), 0755) == 0);
  v1::DomainSpec spec = host.Shell("grep -c /data /proc/mounts; ls /; echo");
  SECTION("as the parent of a target") {
    REQUIRE(symlink(outside.c_str(), (host.root() + "/link").c_str()) == 0);
    AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, data, "/link/new");
    const absl::Status status = host.driver()->Start(host.Key("a"), spec, false).status();
    INFO(status);
    CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
    CHECK(absl::StrContains(status.message(), "/link/new"));
  }
  SECTION("as a relative climb") {
    REQUIRE(symlink("../../../../../../../../../../../../tmp", (host.root() + "/link").c_str()) == 0);
    AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, data, "/link/climbed");
    host.Output(spec);
    CHECK_FALSE(std::filesystem::exists("/tmp/climbed"));
    CHECK(std::filesystem::exists(host.root() + "/tmp/climbed"));
  }
  SECTION("as a source inside") {
    REQUIRE(symlink(outside.c_str(), (host.root() + "/link").c_str()) == 0);
    AddFilesystem(&spec, v1::Filesystem::TYPE_BIND, "/link", "/mnt");
    CHECK(ReasonOf(host.driver()->Start(host.Key("a"), spec, false).status()) == v1::REASON_START_FAILED);
  }
  SECTION("as /proc, /sys and /dev") {
    for (const char* name : {"/proc", "/sys", "/dev"}) {
      REQUIRE(rmdir((host.root() + name).c_str()) == 0);
      REQUIRE(symlink(outside.c_str(), (host.root() + name).c_str()) == 0);
    }
    CHECK(ReasonOf(host.driver()->Start(host.Key("a"), spec, false).status()) == v1::REASON_START_FAILED);
  }
  SECTION("as init") {
    REQUIRE(symlink("/bin/busybox", (outside + "/sh").c_str()) == 0);
    REQUIRE(symlink((outside + "/sh").c_str(), (host.root() + "/evil").c_str()) == 0);
    spec.mutable_os()->set_init("/evil");
    CHECK(ReasonOf(host.driver()->Start(host.Key("a"), spec, false).status()) == v1::REASON_START_FAILED);
  }
  CHECK(std::filesystem::is_empty(outside) != std::filesystem::exists(outside + "/sh"));
}

TEST_CASE("an interface joins the bridge with its address, and goes with the guest") {
  TestHost host;
  MakeBridge("br-test");
  const HostState before = host.State();
  v1::DomainSpec spec =
      host.Shell("ip -o link show net0; ip -o addr show net0; ip route; ip -o link show lo; read line");
  v1::Interface* interface = spec.mutable_devices()->add_interfaces();
  interface->set_type(v1::Interface::TYPE_BRIDGE);
  interface->set_source("br-test");
  interface->set_guest_device("net0");
  interface->set_mtu(1400);
  auto* address = interface->add_addresses();
  address->set_address("10.9.8.7");
  auto* route = interface->add_routes();
  route->set_family("ipv4");
  route->set_destination("0.0.0.0");
  route->set_prefix(0);
  route->set_gateway("10.9.8.1");
  const bool named = GENERATE(false, true);
  if (named) interface->set_target_device("web-host");
  const bool mapped = GENERATE(false, true);
  if (mapped) MapIds(&spec);
  const DomainKey key = host.Key("a");
  REQUIRE(host.driver()->Complete(key, &spec).ok());
  const std::string mac = spec.devices().interfaces(0).mac_address();
  CHECK(absl::StartsWith(mac, "52:54:00:"));
  for (int round = 0; round < 2; ++round) {  // the name of the first round's host end is free again, or soon
    const auto guest = host.driver()->Start(key, spec, false);
    INFO(guest.status());
    REQUIRE(guest.ok());
    ConsoleText text;
    auto console = host.driver()->OpenConsole(key, {}, text.Reader());
    REQUIRE(console.ok());
    const std::string output = text.AwaitText("LOOPBACK");
    INFO(output);
    for (const std::string& part : {mac, std::string("mtu 1400"), std::string("UP"), std::string("10.9.8.7/24"),
                                    std::string("default via 10.9.8.1")}) {
      CHECK(absl::StrContains(output, part));
    }
    const std::string links = HostLinks();
    INFO(links);
    // Without a name it is the first free one; that of the round before may still be about to go.
    CHECK(absl::StrContains(links, named ? "web-host" : "vnet"));
    CHECK(absl::StrContains(links, "master br-test"));
    REQUIRE(host.driver()->Destroy(key).ok());
  }
  host.AwaitState(before);
}

TEST_CASE("a guest in the host's network sees its interfaces") {
  TestHost host;
  v1::DomainSpec spec = host.Shell("ip -o link");
  spec.set_network_mode(v1::NETWORK_MODE_HOST);
  const bool mapped = GENERATE(false, true);
  if (mapped) MapIds(&spec);
  CHECK(absl::StrContains(host.Output(spec), if_nametoindex("br-test") != 0 ? "br-test" : "lo"));
}

TEST_CASE("a start that fails names the step and leaves nothing") {
  TestHost host;
  const HostState before = host.State();
  v1::DomainSpec spec = host.Spec({"wait"});
  v1::Interface* interface = nullptr;
  std::string expected;
  std::string also;
  const int fault = GENERATE(range(0, 11));
  const bool mapped = GENERATE(false, true);
  if (mapped) MapIds(&spec);
  switch (fault) {
    case 0:
      spec.mutable_devices()->mutable_filesystems(0)->set_source(host.directory() + "/nowhere");
      expected = "open the root directory: ";
      also = "nowhere: No such file or directory";
      break;
    case 1:
      spec.mutable_os()->set_init("/no/such/init");
      expected = "execute init: /no/such/init: No such file or directory";
      break;
    case 2:
      spec.mutable_os()->set_init("/etc/passwd");
      expected = "execute init: /etc/passwd: Permission denied";
      break;
    case 3:
      spec.mutable_os()->set_init_directory("/no/directory");
      expected = "change to the directory of init: /no/directory: No such file or directory";
      break;
    case 4:
      AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, host.directory() + "/nowhere", "/mnt");
      expected = "open the source of a file system: ";
      break;
    case 5:
      AddFilesystem(&spec, v1::Filesystem::TYPE_MOUNT, host.directory(), "/etc/passwd");
      expected = "mount the file system: /etc/passwd: Not a directory";
      break;
    case 6:
      interface = spec.mutable_devices()->add_interfaces();
      interface->set_type(v1::Interface::TYPE_BRIDGE);
      interface->set_source("no-bridge");
      expected = "make the network interface: eth0 on bridge no-bridge: No such device";
      break;
    case 7:
      // After a first pair has been made.
      for (const char* name : {"", "lo"}) {
        interface = spec.mutable_devices()->add_interfaces();
        interface->set_type(v1::Interface::TYPE_ETHERNET);
        interface->set_target_device(name);
      }
      expected = "make the network interface: eth1 with host end lo: File exists";
      break;
    case 8:
      spec.mutable_os()->set_init_group("no-group");
      expected = "find the user or group of init: group no-group is not in /etc/group of the guest";
      break;
    case 9:
      interface = spec.mutable_devices()->add_interfaces();
      interface->set_type(v1::Interface::TYPE_ETHERNET);
      interface->add_routes()->set_gateway("10.1.1.1");
      expected = "add the route: eth0: Network is unreachable";
      break;
    case 10:
      REQUIRE(rmdir((host.root() + "/proc").c_str()) == 0);
      WriteFile(host.root() + "/proc", "");
      expected = "mount /proc: /proc: Not a directory";
      break;
  }
  const bool paused = GENERATE(false, true);
  const absl::Status status = host.driver()->Start(host.Key("a"), spec, paused).status();
  INFO(status);
  CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
  CHECK(absl::StartsWith(status.message(), expected));
  CHECK(absl::StrContains(status.message(), also));
  host.AwaitState(before);
  CHECK(ReasonOf(host.driver()->Shutdown(host.Key("a"), {})) == v1::REASON_DOMAIN_STATE);
}

}  // namespace
}  // namespace reeve::lxc
