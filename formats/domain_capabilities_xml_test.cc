#include "formats/domain_capabilities_xml.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// All that the schema has (domaincaps.rng), in its order, as libvirt writes it.
constexpr char kAll[] = R"(<domainCapabilities>
  <path>/usr/lib/xen/bin/qemu-system-i386</path>
  <domain>xen</domain>
  <machine>xenfv</machine>
  <arch>x86_64</arch>
  <vcpu max='128'/>
  <iothreads supported='no'/>
  <os supported='yes'>
    <enum name='firmware'>
      <value>efi</value>
    </enum>
    <loader supported='yes'>
      <value>/usr/lib/xen/boot/hvmloader</value>
      <value>/usr/lib/xen/boot/ovmf.bin</value>
      <enum name='type'>
        <value>rom</value>
        <value>pflash</value>
      </enum>
      <enum name='readonly'/>
    </loader>
  </os>
  <cpu>
    <mode name='host-passthrough' supported='yes'>
      <enum name='hostPassthroughMigratable'>
        <value>on</value>
        <value>off</value>
      </enum>
    </mode>
    <mode name='maximum' supported='no'/>
    <mode name='host-model' supported='yes'>
      <model fallback='forbid'>Broadwell</model>
      <vendor>Intel</vendor>
      <feature policy='require' name='vme'/>
      <feature policy='disable' name='hle'/>
    </mode>
    <mode name='custom' supported='yes'>
      <model usable='yes' deprecated='yes' vendor='unknown'>qemu64</model>
      <model usable='no' vendor='AMD'>phenom</model>
    </mode>
  </cpu>
  <memoryBacking supported='yes'>
    <enum name='sourceType'>
      <value>file</value>
    </enum>
  </memoryBacking>
  <devices>
    <disk supported='yes'>
      <enum name='diskDevice'>
        <value>disk</value>
        <value>cdrom</value>
      </enum>
      <enum name='bus'>
        <value>ide</value>
        <value>xen</value>
      </enum>
    </disk>
    <graphics supported='yes'>
      <enum name='type'>
        <value>vnc</value>
      </enum>
    </graphics>
    <channel supported='no'/>
  </devices>
  <features>
    <gic supported='no'/>
    <vmcoreinfo supported='no'/>
    <genid supported='yes'/>
    <backingStoreInput supported='no'/>
    <backup supported='no'/>
    <s390-pv supported='no'/>
    <sev supported='yes'>
      <cbitpos>47</cbitpos>
      <reducedPhysBits>1</reducedPhysBits>
      <maxGuests>59</maxGuests>
      <maxESGuests>450</maxESGuests>
    </sev>
    <sgx supported='yes'>
      <flc>no</flc>
      <sgx1>yes</sgx1>
      <sgx2>no</sgx2>
      <section_size unit='KiB'>2</section_size>
      <sections>
        <section node='0' size='1' unit='KiB'/>
        <section node='1' size='1' unit='KiB'/>
      </sections>
    </sgx>
    <hyperv supported='yes'>
      <enum name='features'>
        <value>relaxed</value>
      </enum>
    </hyperv>
  </features>
</domainCapabilities>
)";

TEST_CASE("a document comes back as it was") {
  const auto capabilities = ParseDomainCapabilitiesXml(kAll);
  INFO(capabilities.status().message());
  REQUIRE(capabilities.ok());
  CHECK(WriteDomainCapabilitiesXml(*capabilities) == kAll);
  CHECK(capabilities->cpu().modes(3).models(1).vendor() == "AMD");
}

TEST_CASE("what is wrong is refused with its place") {
  const auto refused = [](absl::string_view from, absl::string_view to) {
    const std::string text = absl::StrReplaceAll(kAll, {{from, to}});
    REQUIRE(text != kAll);
    const auto capabilities = ParseDomainCapabilitiesXml(text);
    CHECK(capabilities.status().message().find("line ") == 0);
    return ReasonOf(capabilities.status());
  };
  CHECK(refused("<gic supported='no'/>", "<gik supported='no'/>") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("<gic supported='no'/>", "<gic/>") == v1::REASON_SPEC_INVALID);
  CHECK(refused("usable='yes'", "usable='at times'") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("unit='KiB'>2", "unit='MiB'>2") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("  <arch>x86_64</arch>\n", "") == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(ParseDomainCapabilitiesXml("<capabilities/>").status()) == v1::REASON_DOCUMENT_UNKNOWN);
}

TEST_CASE("a name from a model is never written as an element of its own") {
  v1::DomainCapabilities capabilities;
  capabilities.mutable_devices()->add_sections()->set_name("a><evil/><b");
  capabilities.mutable_features()->add_sections()->set_name("c><evil/><d");
  CHECK(WriteDomainCapabilitiesXml(capabilities).find("evil") == std::string::npos);
}

}  // namespace
}  // namespace reeve::formats
