#include "drivers/lxc/validate.h"

#include <catch2/catch.hpp>

#include "drivers/lxc/supported_fields.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

v1::DomainSpec Sound() {
  v1::DomainSpec spec;
  spec.set_memory_kib(65536);
  spec.set_vcpus(1);
  spec.mutable_os()->set_type("exe");
  auto* root = spec.mutable_devices()->add_filesystems();
  root->set_type(v1::Filesystem::TYPE_MOUNT);
  root->set_source("/srv/web1");
  root->set_target("/");
  return spec;
}

TEST_CASE("what libvirt writes into every definition passes") {
  v1::DomainSpec spec = Sound();
  spec.mutable_cpu_placement()->set_mode("static");
  spec.add_security_labels()->set_type("none");
  spec.mutable_devices()->set_emulator("/usr/libexec/libvirt_lxc");
  CHECK(ValidateSpec(spec).message() == "");
}

TEST_CASE("a script fits into an argument of init") {
  v1::DomainSpec spec = Sound();
  spec.mutable_os()->add_init_arguments(std::string(30000, 'x'));
  CHECK(ValidateSpec(spec).message() == "");
}

TEST_CASE("what the driver does not look at is refused by its path") {
  v1::DomainSpec spec = Sound();
  spec.mutable_cpu_placement()->set_cpuset("0-1");
  spec.mutable_block_io_tuning()->set_weight(500);
  auto* interface = spec.mutable_devices()->add_interfaces();
  interface->set_type(v1::Interface::TYPE_BRIDGE);
  interface->set_source("br0");
  interface->mutable_filter()->set_filter("clean-traffic");
  interface->mutable_vlan()->add_tags()->set_id(7);
  spec.mutable_devices()->add_sounds()->set_model("ac97");
  CHECK(UnsupportedFields(spec) == std::vector<std::string>{"devices.interfaces[0].vlan", "devices.interfaces[0].filter",
                                                            "devices.sounds[0]"});
  const absl::Status status = ValidateSpec(spec);
  CHECK(ReasonOf(status) == v1::REASON_SPEC_UNSUPPORTED);
  CHECK(FieldViolationsOf(status).size() == 3);
}

TEST_CASE("no more than the limit is told") {
  v1::DomainSpec spec = Sound();
  for (int i = 0; i < 300; ++i) spec.mutable_devices()->add_sounds()->set_model("ac97");
  CHECK(UnsupportedFields(spec).size() == 20);
}

}  // namespace
}  // namespace reeve::lxc
