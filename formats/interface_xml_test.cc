#include "formats/interface_xml.h"

#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status Parse(absl::string_view text) {
  return ParseInterfaceXml(text).status();
}

constexpr char kWhole[] = R"(<interface type='bridge' name='br1'>
  <start mode='hotplug'/>
  <mtu size='9000'/>
  <protocol family='ipv4'>
    <dhcp peerdns='no'/>
  </protocol>
  <protocol family='ipv6'>
    <autoconf/>
    <ip address='fd00::1' prefix='64'/>
    <route gateway='fd00::ff'/>
  </protocol>
  <bridge stp='on' delay='2.5'>
    <interface type='bond' name='bond1'>
      <bond mode='802.3ad'>
        <arpmon interval='100' target='192.0.2.1' validate='all'/>
        <interface type='ethernet' name='e1'>
          <link speed='10000' state='up'/>
          <mac address='52:54:00:01:02:03'/>
        </interface>
      </bond>
    </interface>
    <interface type='vlan' name='e2.7'>
      <vlan tag='7'>
        <interface name='e2'/>
      </vlan>
    </interface>
  </bridge>
</interface>
)";

TEST_CASE("An interface is read and written again") {
  const auto interface = ParseInterfaceXml(kWhole);
  INFO(interface.status().message());
  REQUIRE(interface.ok());
  CHECK(interface->name() == "interfaces/br1");
  CHECK(interface->spec().bridge().ports(0).bond().arp_monitor().target() == "192.0.2.1");
  CHECK(WriteInterfaceXml(*interface) == kWhole);
}

TEST_CASE("The name of a VLAN follows from its device and tag") {
  const auto interface =
      ParseInterfaceXml("<interface type='vlan'><vlan tag='9'><interface name='e1'/></vlan></interface>");
  REQUIRE(interface.ok());
  CHECK(interface->name() == "interfaces/e1.9");
}

TEST_CASE("Interfaces that are refused") {
  CheckRefusals(
      {
          {"<interface name='e'/>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /interface has no attribute type"},
          {"<interface type='ethernet'/>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /interface has no attribute name"},
          {"<interface type='tunnel' name='e'/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 12: attribute type"},
          {"<interface type='bridge' name='b'/>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /interface has no element <bridge>"},
          {"<interface type='ethernet' name='e'><bond/></interface>", v1::REASON_SPEC_INVALID,
           "line 1 column 37: element /interface/bond can only"},
          {"<interface type='bridge' name='b'><bridge><interface type='bridge' name='c'/></bridge></interface>",
           v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 54: attribute type"},
          {"<interface type='bridge' name='b'><bridge><interface type='ethernet' name='c'><mtu "
           "size='1'/></interface></bridge></interface>",
           v1::REASON_SPEC_INVALID, "line 1 column 79"},
          {"<interface type='ethernet' name='e'><protocol family='ipv4'><ip address='fd00::1'/></protocol></interface>",
           v1::REASON_SPEC_INVALID, "line 1 column 61"},
          {"<interface type='ethernet' name='e'><protocol family='ipv4'/><protocol family='ipv4'/></interface>",
           v1::REASON_SPEC_INVALID, "line 1 column 62"},
          {"<interface type='vlan' name='e'><vlan tag='4096'><interface name='x'/></vlan></interface>",
           v1::REASON_SPEC_INVALID, "line 1 column 39"},
          {"<interface type='bond' name='e'><bond><miimon freq='1'/><arpmon interval='1' "
           "target='10.0.0.1'/></bond></interface>",
           v1::REASON_SPEC_INVALID, "line 1 column 33"},
      },
      Parse);
}

TEST_CASE("A damaged interface does no harm") {
  TryDamaged(absl::string_view(kWhole, sizeof(kWhole) - 3), Parse);
}

}  // namespace
}  // namespace reeve::formats
