#include "formats/network_xml.h"

#include "absl/strings/str_cat.h"
#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status Parse(absl::string_view text) {
  return ParseNetworkXml(text).status();
}

std::string Network(absl::string_view rest) {
  return absl::StrCat("<network><name>n</name>\n", rest, "</network>");
}

// Reads and writes.
std::string Normal(absl::string_view text) {
  const auto network = ParseNetworkXml(text);
  INFO(text);
  INFO(network.status().message());
  REQUIRE(network.ok());
  return WriteNetworkXml(*network);
}

constexpr char kWhole[] =
    R"(<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0' ipv6='yes' trustGuestRxFilters='no'>
  <name>lab</name>
  <uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>
  <metadata>
    <x:note xmlns:x='urn:x'>kept</x:note>
  </metadata>
  <forward dev='eth0' mode='nat'>
    <nat ipv6='yes'>
      <address start='203.0.113.2' end='203.0.113.9'/>
      <port start='2000' end='3000'/>
    </nat>
    <interface dev='eth0'/>
  </forward>
  <bridge name='br7' zone='lab' stp='off' delay='3' macTableManager='libvirt'/>
  <mtu size='9000'/>
  <mac address='52:54:00:01:02:03'/>
  <domain name='lab.example' localOnly='yes'/>
  <dns enable='yes' forwardPlainNames='no'>
    <forwarder domain='a.example' addr='192.0.2.1'/>
    <txt name='t' value='a &apos;b&apos;'/>
    <srv service='sip' protocol='udp' domain='d' target='h' port='5060' priority='1' weight='2'/>
    <host ip='2001:db8::5'>
      <hostname>one</hostname>
      <hostname>two</hostname>
    </host>
  </dns>
  <vlan trunk='yes'>
    <tag id='42'/>
    <tag id='47' nativeMode='untagged'/>
  </vlan>
  <bandwidth>
    <inbound average='1000' peak='5000' burst='1024'/>
    <outbound average='128'/>
  </bandwidth>
  <port isolated='no'/>
  <ip address='10.7.0.1' netmask='255.255.0.0' localPtr='yes'>
    <tftp root='/srv/tftp'/>
    <dhcp>
      <range start='10.7.1.1' end='10.7.1.9'>
        <lease expiry='1' unit='hours'/>
      </range>
      <range start='10.7.2.1' end='10.7.2.9'>
        <lease expiry='0'/>
      </range>
      <host mac='52:54:00:aa:bb:cc' name='a' ip='10.7.3.1'/>
      <bootp file='pxe' server='10.7.0.2'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='2001:db8::1' prefix='64'>
    <dhcp>
      <host id='0:4:aa' name='b' ip='2001:db8::7'/>
    </dhcp>
  </ip>
  <route address='10.8.0.0' prefix='16' gateway='10.7.0.9' metric='3'/>
  <virtualport type='openvswitch'>
    <parameters interfaceid='0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9' profileid='p'/>
  </virtualport>
  <portgroup name='g' default='yes'>
  </portgroup>
  <dnsmasq:options>
    <dnsmasq:option value='log-dhcp'/>
  </dnsmasq:options>
</network>
)";

TEST_CASE("A network with everything is read and written again") {
  const auto network = ParseNetworkXml(kWhole);
  INFO(network.status().message());
  REQUIRE(network.ok());
  CHECK(network->name() == "networks/lab");
  CHECK(network->spec().forward().mode() == v1::NetworkForward::MODE_NAT);
  CHECK(network->spec().ips(0).ranges(0).lease().unit() == "hours");
  CHECK(network->spec().dnsmasq_options(0) == "log-dhcp");
  CHECK(WriteNetworkXml(*network) == kWhole);
}

TEST_CASE("What is left out gets libvirt's defaults") {
  CHECK(Normal("<network ipv6='no'><name>n</name></network>") ==
        "<network>\n  <name>n</name>\n  <bridge stp='on' delay='0'/>\n</network>\n");
  CHECK(Normal(Network("<forward/><ip address='10.0.0.1'/>")) ==
        "<network>\n  <name>n</name>\n  <forward mode='nat'/>\n  <bridge stp='on' delay='0'/>\n"
        "  <ip address='10.0.0.1'>\n  </ip>\n</network>\n");
  CHECK(Normal(Network("<forward mode='vepa'><interface dev='e1'/></forward>")) ==
        "<network>\n  <name>n</name>\n  <forward dev='e1' mode='vepa'>\n    <interface dev='e1'/>\n  "
        "</forward>\n</network>\n");
  CHECK(Normal(Network("<forward mode='hostdev'><driver name='vfio'/><pf dev='e1'/></forward>")) ==
        "<network>\n  <name>n</name>\n  <forward mode='hostdev' managed='no'>\n    <driver name='vfio'/>\n    <pf "
        "dev='e1'/>\n"
        "  </forward>\n</network>\n");
}

TEST_CASE("Values are brought into one form") {
  CHECK(Normal(Network("<virtualport type='802.1Qbg'><parameters typeid='0x123' managerid='11'/></virtualport>")) ==
        "<network>\n  <name>n</name>\n  <bridge stp='on' delay='0'/>\n  <virtualport type='802.1Qbg'>\n"
        "    <parameters managerid='11' typeid='291'/>\n  </virtualport>\n</network>\n");
  CHECK(Normal(Network("<vlan><tag id='1'/><tag id='2'/></vlan>")) ==
        "<network>\n  <name>n</name>\n  <bridge stp='on' delay='0'/>\n  <vlan trunk='yes'>\n    <tag id='1'/>\n"
        "    <tag id='2'/>\n  </vlan>\n</network>\n");
  const std::string range =
      "<ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.2' end='10.0.0.9'>"
      "<lease expiry='7'/></range></dhcp></ip>";
  CHECK(Normal(Network(range)).find("<lease expiry='7' unit='minutes'/>") != std::string::npos);
}

TEST_CASE("State of a running network is ignored, with a warning") {
  std::vector<Warning> warnings;
  const auto network = ParseNetworkXml(
      "<network connections='2'><name>n</name><forward mode='passthrough'><interface dev='a' "
      "connections='1'/></forward></network>",
      &warnings);
  REQUIRE(network.ok());
  CHECK(warnings.size() == 2);
}

TEST_CASE("Networks that are refused") {
  const auto ip = [](absl::string_view rest) {
    return Network(absl::StrCat("<ip address='10.0.0.1' prefix='24'>", rest, "</ip>"));
  };
  CheckRefusals(
      {
          {"<network/>", v1::REASON_SPEC_INVALID, "line 1 column 1: element /network has no element <name>"},
          {"<network><name>a/b</name></network>", v1::REASON_SPEC_INVALID,
           "line 1 column 10: element /network/name has a slash"},
          {Network("<ghost/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 1: element /network/ghost is not known"},
          {Network("<bridge nmae='x'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 9: attribute nmae"},
          {Network("<bridge stp='maybe'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 9: attribute stp"},
          {Network("<bridge delay='-1'/>"), v1::REASON_SPEC_INVALID, "line 2 column 9: attribute delay"},
          {Network("<mac address='01:00:00:00:00:01'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 6: attribute address"},
          {Network("<forward mode='nat'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/forward is of mode nat"},
          {Network("<forward mode='open' dev='e'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/forward is of mode open"},
          {Network("<forward mode='vepa' dev='a'><interface dev='b'/></forward>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/forward has a device that is not its first"},
          {Network("<forward mode='vepa'><interface dev='b'/><interface dev='b'/></forward>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42"},
          {Network("<forward mode='private'/><bridge name='b'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 26: element /network/bridge has a name"},
          {Network("<forward mode='bridge'/><bridge name='b' stp='on'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 25: element /network/bridge has stp or delay"},
          {Network("<ip address='10.0.0.1' netmask='255.0.255.0'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/ip has the netmask"},
          {Network("<ip address='10.0.0.1' prefix='33'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/ip has a prefix of more"},
          {Network("<ip address='2001:db8::1' prefix='64'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/ip is of family ipv4"},
          {ip("<dhcp><range start='10.0.1.2' end='10.0.1.9'/></dhcp>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42: element /network/ip/dhcp/range is not inside"},
          {ip("<dhcp><range start='10.0.0.9' end='10.0.0.2'/></dhcp>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42: element /network/ip/dhcp/range ends before"},
          {ip("<dhcp><range start='10.0.0.0' end='10.0.0.2'/></dhcp>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42: element /network/ip/dhcp/range starts with"},
          {ip("<dhcp><host ip='10.0.0.4'/></dhcp>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42: element /network/ip/dhcp/host has neither mac nor name"},
          {ip("<dhcp><host name='x'/></dhcp>"), v1::REASON_SPEC_INVALID,
           "line 2 column 42: element /network/ip/dhcp/host has no attribute ip"},
          {ip("<dhcp><range start='10.0.0.2' end='10.0.0.9'><lease expiry='1'/></range></dhcp>"),
           v1::REASON_SPEC_INVALID, "line 2 column 81: element /network/ip/dhcp/range/lease is shorter"},
          {Network("<route address='10.0.0.1' prefix='8' gateway='10.0.0.2'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/route has an address"},
          {Network("<dns><txt name='a b' value='c'/></dns>"), v1::REASON_SPEC_INVALID,
           "line 2 column 6: element /network/dns/txt has a name with a space"},
          {Network("<dns><srv service='a' protocol='sctp'/></dns>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 23"},
          {Network("<dns><host ip='10.0.0.1'/></dns>"), v1::REASON_SPEC_INVALID,
           "line 2 column 6: element /network/dns/host has no element <hostname>"},
          {Network("<dnsmasq:options/>"), v1::REASON_DOCUMENT_UNKNOWN,
           "line 2 column 1: element /network/dnsmasq:options"},
          {Network("<vlan trunk='no'><tag id='1'/><tag id='2'/></vlan>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /network/vlan is a trunk"},
          {Network("<vlan><tag id='4096'/></vlan>"), v1::REASON_SPEC_INVALID, "line 2 column 12: attribute id"},
          {Network("<portgroup name='a'/><portgroup name='a'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 22: element /network/portgroup has the name a again"},
          {Network("<bandwidth><outbound peak='1'/></bandwidth>"), v1::REASON_SPEC_INVALID, "line 2 column 12"},
      },
      Parse);
}

TEST_CASE("A damaged network does no harm") {
  TryDamaged(absl::string_view(kWhole, sizeof(kWhole) - 3), Parse);
}

}  // namespace
}  // namespace reeve::formats
