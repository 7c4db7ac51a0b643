#include "drivers/lxc/plan_builder.h"

#include <sched.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "drivers/default_mac.h"
#include "drivers/lxc/addresses.h"
#include "drivers/lxc/capability_set.h"
#include "drivers/lxc/exit_report.h"
#include "drivers/lxc/signals.h"
#include "drivers/lxc/validate.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

const drivers::DomainKey kKey = {.name = "web 1.ä", .uid = "6f1c", .run = 3};

v1::DomainSpec Sound() {
  v1::DomainSpec spec;
  auto* root = spec.mutable_devices()->add_filesystems();
  root->set_source("/srv/web1");
  root->set_target("/");
  return spec;
}

bool Has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

TEST_CASE("a plan has the defaults that the specification leaves open") {
  const absl::StatusOr<LaunchPlan> plan = BuildPlan(kKey, Sound(), "/reeve");
  REQUIRE(plan.ok());
  CHECK(plan->run == 3);
  CHECK(plan->root.source == "/srv/web1");
  CHECK(plan->init == "/sbin/init");
  CHECK(plan->arguments == std::vector<std::string>{"/sbin/init"});
  CHECK(plan->directory == "/");
  CHECK(plan->hostname == "web1");
  CHECK(plan->consoles == 1);
  CHECK(plan->partition == "/reeve");
  CHECK(plan->shutdown_signal == 15);
  CHECK(plan->reboot_signal == 1);
  CHECK((plan->namespaces & CLONE_NEWNET) != 0);
  CHECK((plan->namespaces & CLONE_NEWUSER) == 0);
  for (const char* variable : {"PATH=/bin:/sbin", "TERM=linux", "container=lxc-libvirt", "container_uuid=6f1c",
                               "LIBVIRT_LXC_UUID=6f1c", "LIBVIRT_LXC_NAME=web 1.ä"}) {
    CHECK(Has(plan->environment, variable));
  }
}

TEST_CASE("a plan has what the specification says") {
  v1::DomainSpec spec = Sound();
  spec.set_network_mode(v1::NETWORK_MODE_HOST);
  spec.mutable_id_map()->add_users()->set_count(5);
  spec.mutable_os()->set_architecture("i686");
  auto* variable = spec.mutable_os()->add_init_environment();
  variable->set_name("PATH");
  variable->set_value("/opt");
  spec.mutable_devices()->add_consoles();
  spec.mutable_devices()->add_consoles();
  spec.mutable_lifecycle_actions()->set_on_reboot("destroy");
  const absl::StatusOr<LaunchPlan> plan = BuildPlan(kKey, spec, "/reeve");
  REQUIRE(plan.ok());
  CHECK((plan->namespaces & CLONE_NEWNET) == 0);
  CHECK((plan->namespaces & CLONE_NEWUSER) != 0);
  CHECK(plan->personality_32);
  CHECK(Has(plan->environment, "PATH=/opt"));
  CHECK_FALSE(Has(plan->environment, "PATH=/bin:/sbin"));
  CHECK(Has(plan->environment, "container_ttys=pts/1"));
  CHECK_FALSE(plan->restart_on_reboot);
}

TEST_CASE("a specification without a root cannot be started") {
  CHECK(ReasonOf(BuildPlan(kKey, v1::DomainSpec(), "/reeve").status()) == v1::REASON_SPEC_INVALID);
}

TEST_CASE("what is wrong and what is not supported are told apart, with the field") {
  CHECK(ValidateSpec(Sound()).ok());
  const auto refused = [](v1::Reason reason, const std::string& field, const v1::DomainSpec& spec) {
    const absl::Status status = ValidateSpec(spec);
    INFO(status);
    CHECK(ReasonOf(status) == reason);
    CHECK(status.message().substr(0, field.size()) == field);
  };
  v1::DomainSpec spec = Sound();
  spec.mutable_devices()->mutable_filesystems(0)->set_source("srv");
  refused(v1::REASON_SPEC_INVALID, "devices.filesystems[0].source", spec);
  for (const char* target : {"", "a", "/a/../b", "/.."}) {
    spec = Sound();
    auto* filesystem = spec.mutable_devices()->add_filesystems();
    filesystem->set_source("/x");
    filesystem->set_target(target);
    refused(v1::REASON_SPEC_INVALID, "devices.filesystems[1].target", spec);
  }
  spec = Sound();
  spec.mutable_devices()->mutable_filesystems(0)->set_type(v1::Filesystem::TYPE_TEMPLATE);
  refused(v1::REASON_SPEC_UNSUPPORTED, "devices.filesystems[0].type", spec);
  spec = Sound();
  spec.mutable_devices()->add_interfaces()->set_type(v1::Interface::TYPE_USER);
  refused(v1::REASON_SPEC_UNSUPPORTED, "devices.interfaces[0].type", spec);
  spec.mutable_devices()->mutable_interfaces(0)->set_type(v1::Interface::TYPE_DIRECT);
  refused(v1::REASON_SPEC_INVALID, "devices.interfaces[0].source", spec);
  spec.mutable_devices()->mutable_interfaces(0)->set_source("eth0");
  spec.mutable_devices()->mutable_interfaces(0)->set_guest_device("../../x");
  refused(v1::REASON_SPEC_INVALID, "devices.interfaces[0].guest_device", spec);
  spec = Sound();
  spec.mutable_devices()->add_disks();
  refused(v1::REASON_SPEC_INVALID, "devices.disks[0].source", spec);
  spec = Sound();
  spec.mutable_namespaces()->mutable_ipc()->set_kind(v1::SharedNamespace::KIND_PID);
  refused(v1::REASON_SPEC_INVALID, "namespaces.ipc.value", spec);
  spec = Sound();
  auto* range = spec.mutable_id_map()->add_users();
  range->set_count(10);
  *spec.mutable_id_map()->add_users() = *range;
  spec.mutable_id_map()->add_groups()->set_count(1);
  refused(v1::REASON_SPEC_INVALID, "id_map.users[1]", spec);
  spec.mutable_id_map()->mutable_users()->RemoveLast();
  spec.mutable_id_map()->mutable_users(0)->set_target(0xffffffff);
  refused(v1::REASON_SPEC_INVALID, "id_map.users[0]", spec);
  spec = Sound();
  spec.mutable_shutdown_signals()->set_reboot("SIGNONE");
  refused(v1::REASON_SPEC_INVALID, "shutdown_signals.reboot", spec);
  spec = Sound();
  spec.mutable_features()->mutable_capabilities()->add_states()->set_name("cap_chown");
  refused(v1::REASON_SPEC_INVALID, "features.capabilities.states[0].name", spec);
}

TEST_CASE("signals have names and numbers") {
  CHECK(ParseSignal("SIGTERM") == 15);
  CHECK(ParseSignal("HUP") == 1);
  CHECK(ParseSignal("64") == 64);
  CHECK(ParseSignal("SIGRTMIN+3") == 37);
  for (const char* text : {"", "0", "65", "-1", "SIG", "SIGNOPE", "SIGRTMIN+", "SIGRTMIN+99", "SIGRTMIN-1"}) {
    INFO(text);
    CHECK_FALSE(ParseSignal(text).has_value());
  }
  CHECK(DescribeSignal(9) == "signal 9 (SIGKILL)");
  CHECK(DescribeSignal(40) == "signal 40");
}

TEST_CASE("addresses are parsed or refused, and the default hardware address is stable") {
  CHECK(ParseAddress("10.0.0.1") == std::string("\x0a\0\0\1", 4));
  CHECK(ParseAddress("::1").size() == 16);
  for (const char* text : {"", "10.0.0", "10.0.0.256", ":::"}) CHECK(ParseAddress(text).empty());
  CHECK(ParseMac("52:54:00:01:02:ff") == std::string("\x52\x54\0\1\2\xff", 6));
  for (const char* text :
       {"", "52:54:00:01:02", "53:54:00:01:02:03", "00:00:00:00:00:00", "5:54:00:01:02:03", "zz:54:00:01:02:03"}) {
    CHECK(ParseMac(text).empty());
  }
  CHECK(drivers::DefaultMac(drivers::kMacPrefix, "uid", 0) == drivers::DefaultMac(drivers::kMacPrefix, "uid", 0));
  CHECK(drivers::DefaultMac(drivers::kMacPrefix, "uid", 0) != drivers::DefaultMac(drivers::kMacPrefix, "uid", 1));
  CHECK(ParseMac(drivers::DefaultMac(drivers::kMacPrefix, "uid", 0)).size() == 6);
}

TEST_CASE("ends are told apart") {
  const absl::Time now = absl::UnixEpoch();
  ExitRecord record;
  CHECK(ReportExit(record, 0, now).cause == v1::EVENT_CAUSE_GUEST);
  record.code = 1;
  CHECK(ReportExit(record, 0, now).detail == v1::EVENT_DETAIL_STOPPED_CRASHED);
  record.asked = true;
  CHECK(ReportExit(record, 0, now).detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
  record.kind = ExitKind::kKilled;
  record.signal = 9;
  CHECK(ReportExit(record, 0, now).cause == v1::EVENT_CAUSE_EXTERNAL);
  record.out_of_memory = true;
  CHECK(ReportExit(record, 0, now).detail == v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY);
  CHECK(ReportExit(std::nullopt, 9, now).message ==
        "its supervisor was killed by signal 9 (SIGKILL), and the guest with it");
  CHECK(ReportDestroyed(record, now).reason == v1::DOMAIN_STATE_REASON_DESTROYED);
}

}  // namespace
}  // namespace reeve::lxc
