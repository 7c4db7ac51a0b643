#include "formats/capabilities_xml.h"

#include <catch2/catch.hpp>

namespace reeve::formats {
namespace {

TEST_CASE("a host of one cell is told by its counts") {
  HostFacts host{.uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809", .architecture = "x86_64", .cpus = 2};
  host.memory_kib = 4096;
  host.guests.push_back({.os_type = "exe",
                         .architecture = "x86_64",
                         .word_size = 64,
                         .emulator = "/usr/libexec/reeve-supervisor",
                         .domain_type = "lxc"});
  CHECK(WriteCapabilitiesXml(host) == R"(<capabilities>
  <host>
    <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
    <cpu>
      <arch>x86_64</arch>
    </cpu>
    <topology>
      <cells num='1'>
        <cell id='0'>
          <memory unit='KiB'>4096</memory>
          <cpus num='2'>
            <cpu id='0'/>
            <cpu id='1'/>
          </cpus>
        </cell>
      </cells>
    </topology>
  </host>
  <guest>
    <os_type>exe</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/libexec/reeve-supervisor</emulator>
      <domain type='lxc'/>
    </arch>
  </guest>
</capabilities>
)");
}

TEST_CASE("cells tell where each CPU sits, and guests may have machines") {
  HostFacts host{.architecture = "x86_64"};
  host.cells.push_back({.id = 0, .memory_kib = 1024, .cpus = {{.id = 0, .place = HostCpuPlace{0, 0, 0, "0,2"}}}});
  host.cells.push_back({.id = 1, .memory_kib = 2048, .cpus = {{.id = 1, .place = HostCpuPlace{1, 0, 3, ""}}}});
  host.guests.push_back({.os_type = "hvm", .architecture = "i686", .word_size = 32, .domain_type = "test"});
  host.guests.back().machines = {"one"};
  CHECK(WriteCapabilitiesXml(host) == R"(<capabilities>
  <host>
    <cpu>
      <arch>x86_64</arch>
    </cpu>
    <topology>
      <cells num='2'>
        <cell id='0'>
          <memory unit='KiB'>1024</memory>
          <cpus num='1'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0,2'/>
          </cpus>
        </cell>
        <cell id='1'>
          <memory unit='KiB'>2048</memory>
          <cpus num='1'>
            <cpu id='1' socket_id='1' die_id='0' core_id='3' siblings='1'/>
          </cpus>
        </cell>
      </cells>
    </topology>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'>
      <wordsize>32</wordsize>
      <machine>one</machine>
      <domain type='test'/>
    </arch>
  </guest>
</capabilities>
)");
}

}  // namespace
}  // namespace reeve::formats
