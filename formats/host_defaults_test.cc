#include "formats/host_defaults.h"

#include <catch2/catch.hpp>

#include "formats/capabilities_xml.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kCapabilities[] = R"(<capabilities>
  <host><cpu><arch>x86_64</arch></cpu></host>
  <guest>
    <os_type>xen</os_type>
    <arch name='i686'>
      <wordsize>32</wordsize><emulator>/opt/xen/qemu-32</emulator><machine>xenpv</machine><domain type='xen'/>
    </arch>
  </guest>
  <guest>
    <os_type>xen</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize><emulator>/opt/xen/qemu</emulator><machine>xenpv</machine><domain type='xen'/>
    </arch>
  </guest>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize><emulator>/opt/xen/qemu</emulator><machine>xenfv</machine>
      <domain type='xen'><emulator>/opt/xen/qemu-hvm</emulator><machine>xenfv-4.17</machine></domain>
    </arch>
  </guest>
</capabilities>)";

v1::Domain Domain(const char* os_type) {
  v1::Domain domain;
  domain.set_name("hypervisors/xen/domains/web1");
  domain.mutable_spec()->mutable_os()->set_type(os_type);
  return domain;
}

TEST_CASE("a domain gets what its guest has, on the host's architecture") {
  const auto capabilities = ParseCapabilitiesXml(kCapabilities);
  REQUIRE(capabilities.ok());
  v1::Domain domain = Domain("linux");
  REQUIRE(ApplyCapabilities(*capabilities, false, &domain).ok());
  CHECK(domain.spec().os().architecture() == "x86_64");
  CHECK(domain.spec().os().machine() == "xenpv");
  CHECK(domain.spec().devices().emulator() == "/opt/xen/qemu");

  domain = Domain("hvm");
  REQUIRE(ApplyCapabilities(*capabilities, false, &domain).ok());
  CHECK(domain.spec().os().machine() == "xenfv-4.17");
  CHECK(domain.spec().devices().emulator() == "/opt/xen/qemu-hvm");

  domain = Domain("linux");
  domain.mutable_spec()->mutable_os()->set_architecture("i686");
  REQUIRE(ApplyCapabilities(*capabilities, false, &domain).ok());
  CHECK(domain.spec().devices().emulator() == "/opt/xen/qemu-32");
}

TEST_CASE("what a domain has stays, but for what its format cannot say") {
  const auto capabilities = ParseCapabilitiesXml(kCapabilities);
  REQUIRE(capabilities.ok());
  for (const auto& [emulator, replace, result] :
       {std::tuple{"/my/own", true, "/my/own"},
        std::tuple{"/usr/lib/xen/bin/qemu-system-i386", false, "/usr/lib/xen/bin/qemu-system-i386"},
        std::tuple{"/usr/lib/xen/bin/qemu-system-i386", true, "/opt/xen/qemu"}}) {
    v1::Domain domain = Domain("xen");
    domain.mutable_spec()->mutable_devices()->set_emulator(emulator);
    domain.mutable_spec()->mutable_os()->set_machine("mine");
    REQUIRE(ApplyCapabilities(*capabilities, replace, &domain).ok());
    CHECK(domain.spec().devices().emulator() == result);
    CHECK(domain.spec().os().machine() == "mine");
  }
}

TEST_CASE("a domain that the host does not run is refused") {
  const auto capabilities = ParseCapabilitiesXml(kCapabilities);
  REQUIRE(capabilities.ok());
  v1::Domain domain = Domain("exe");
  CHECK(ReasonOf(ApplyCapabilities(*capabilities, false, &domain)) == v1::REASON_SPEC_UNSUPPORTED);
  domain = Domain("hvm");
  domain.set_name("hypervisors/lxc/domains/web1");
  CHECK(ReasonOf(ApplyCapabilities(*capabilities, false, &domain)) == v1::REASON_SPEC_UNSUPPORTED);
}

}  // namespace
}  // namespace reeve::formats
