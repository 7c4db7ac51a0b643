#include "formats/capabilities_xml.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// All that the schema has (capability.rng), in its order, as libvirt writes it.
constexpr char kAll[] = R"(<capabilities>
  <host>
    <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
    <cpu>
      <arch>x86_64</arch>
      <features>
        <pae/>
        <vmx/>
      </features>
      <model>Skylake-Client</model>
      <vendor>Intel</vendor>
      <microcode version='240'/>
      <signature family='6' model='94' stepping='3'/>
      <counter name='tsc' frequency='2592000000' scaling='no'/>
      <topology sockets='1' dies='1' cores='4' threads='2'/>
      <maxphysaddr mode='emulate' bits='39'/>
      <feature name='ds'/>
      <feature name='vmx'/>
      <pages unit='KiB' size='4'/>
      <pages unit='KiB' size='2048'/>
    </cpu>
    <power_management>
      <suspend_mem/>
      <suspend_disk/>
      <suspend_hybrid/>
    </power_management>
    <iommu support='yes'/>
    <migration_features>
      <live/>
      <uri_transports>
        <uri_transport>tcp</uri_transport>
        <uri_transport>rdma</uri_transport>
      </uri_transports>
    </migration_features>
    <topology>
      <cells num='2'>
        <cell id='0'>
          <memory unit='KiB'>16332364</memory>
          <pages unit='KiB' size='4'>4083091</pages>
          <pages unit='KiB' size='2048'>0</pages>
          <distances>
            <sibling id='0' value='10'/>
            <sibling id='1' value='21'/>
          </distances>
          <cache level='1' associativity='direct' policy='writeback'>
            <size value='10' unit='KiB'/>
            <line value='8' unit='B'/>
          </cache>
          <cpus num='2'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0,4'/>
            <cpu id='1'/>
          </cpus>
        </cell>
        <cell id='1'>
          <cpus num='0'/>
        </cell>
      </cells>
      <interconnects>
        <latency initiator='0' target='1' type='read' value='5'/>
        <bandwidth initiator='0' target='1' cache='1' type='access' value='204800' unit='KiB'/>
      </interconnects>
    </topology>
    <cache>
      <bank id='0' level='3' type='both' size='15' unit='MiB' cpus='0-5'>
        <control granularity='768' min='1536' unit='KiB' type='both' maxAllocs='4'/>
      </bank>
      <monitor level='3' reuseThreshold='270336' maxMonitors='176'>
        <feature name='llc_occupancy'/>
      </monitor>
    </cache>
    <memory_bandwidth>
      <node id='0' cpus='0-5'>
        <control granularity='10' min='10' maxAllocs='4'/>
      </node>
      <monitor maxMonitors='176'>
        <feature name='mbm_total_bytes'/>
        <feature name='mbm_local_bytes'/>
      </monitor>
    </memory_bandwidth>
    <secmodel>
      <model>dac</model>
      <doi>0</doi>
      <baselabel type='kvm'>+64055:+64055</baselabel>
    </secmodel>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/lib/xen/bin/qemu-system-i386</emulator>
      <loader>/usr/lib/xen/boot/hvmloader</loader>
      <machine canonical='pc-i440fx-7.2' maxCpus='255' deprecated='yes'>pc</machine>
      <machine>xenfv</machine>
      <domain type='xen'/>
      <domain type='kvm'>
        <emulator>/usr/bin/kvm</emulator>
        <machine maxCpus='288'>q35</machine>
      </domain>
    </arch>
    <features>
      <pae/>
      <acpi default='on' toggle='yes'/>
      <hap default='on' toggle='yes'/>
    </features>
  </guest>
</capabilities>
)";

TEST_CASE("a document comes back as it was") {
  const auto capabilities = ParseCapabilitiesXml(kAll);
  INFO(capabilities.status().message());
  REQUIRE(capabilities.ok());
  CHECK(WriteCapabilitiesXml(*capabilities) == kAll);
  CHECK(capabilities->host().cells(0).processors(0).place().siblings() == "0,4");
  CHECK(capabilities->guests(0).domains(1).machines(0).max_cpus() == 288);
}

TEST_CASE("the least is an architecture") {
  constexpr char kLeast[] = R"(<capabilities>
  <host>
    <cpu>
      <arch>aarch64</arch>
    </cpu>
  </host>
</capabilities>
)";
  const auto capabilities = ParseCapabilitiesXml(kLeast);
  REQUIRE(capabilities.ok());
  CHECK(WriteCapabilitiesXml(*capabilities) == kLeast);
}

TEST_CASE("what is wrong is refused with its place") {
  const auto refused = [](absl::string_view from, absl::string_view to) {
    const std::string text = absl::StrReplaceAll(kAll, {{from, to}});
    REQUIRE(text != kAll);
    const auto capabilities = ParseCapabilitiesXml(text);
    CHECK(capabilities.status().message().find("line ") == 0);
    return ReasonOf(capabilities.status());
  };
  CHECK(refused("<iommu support='yes'/>", "<colour/>") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("<os_type>hvm", "<os_type>dos") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("<iommu support='yes'/>", "<iommu support='perhaps'/>") == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(refused("<arch name='x86_64'>", "<arch>") == v1::REASON_SPEC_INVALID);
  CHECK(refused("microcode version='240'", "microcode version='x'") == v1::REASON_SPEC_INVALID);
  CHECK(refused("size='2048'>0<", "size='18446744073709551615'>0<") == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(ParseCapabilitiesXml("<domain/>").status()) == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(ReasonOf(ParseCapabilitiesXml("<capabilities/>").status()) == v1::REASON_SPEC_INVALID);
}

TEST_CASE("a name from a model is never written as an element of its own") {
  v1::HostCapabilities capabilities;
  capabilities.mutable_host()->mutable_cpu()->set_architecture("x86_64");
  capabilities.mutable_host()->mutable_cpu()->add_flags("a><evil/><b");
  v1::GuestCapability* guest = capabilities.add_guests();
  guest->set_os_type("hvm");
  guest->add_domains()->set_type("xen");
  guest->add_features()->set_name("c><evil/><d");
  const std::string text = WriteCapabilitiesXml(capabilities);
  CHECK(text.find("evil") == std::string::npos);
  CHECK(ReasonOf(ParseCapabilitiesXml(text).status()) == v1::REASON_DOCUMENT_UNKNOWN);
}

}  // namespace
}  // namespace reeve::formats
