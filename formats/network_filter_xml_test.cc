#include "formats/network_filter_xml.h"

#include "absl/strings/str_cat.h"
#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status Parse(absl::string_view text) {
  return ParseNetworkFilterXml(text).status();
}

std::string Rule(absl::string_view match) {
  return absl::StrCat("<filter name='f'><rule action='drop' direction='in'>\n", match, "</rule></filter>");
}

// What a protocol's element becomes.
std::string Normal(absl::string_view match) {
  const auto filter = ParseNetworkFilterXml(Rule(match));
  INFO(match);
  INFO(filter.status().message());
  REQUIRE(filter.ok());
  const std::string text = WriteNetworkFilterXml(*filter);
  const size_t begin = text.find("    <") + 4;
  return text.substr(begin, text.find('\n', begin) - begin);
}

constexpr char kWhole[] = R"(<filter name='f' chain='ipv4-x' priority='-650'>
  <uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>
  <filterref filter='other'>
    <parameter name='IP' value='10.0.0.1'/>
    <parameter name='IP' value='10.0.0.2'/>
  </filterref>
  <rule action='accept' direction='inout' priority='-5' statematch='false'>
    <tcp match='no' srcmacaddr='01:02:03:04:05:06' dstipaddr='10.1.2.3' dstipmask='24' state='NEW,ESTABLISHED' dstportstart='22' flags='SYN/ALL' comment='it&apos;s'/>
  </rule>
  <rule action='return' direction='out' priority='500'/>
</filter>
)";

TEST_CASE("A filter is read and written again") {
  const auto filter = ParseNetworkFilterXml(kWhole);
  INFO(filter.status().message());
  REQUIRE(filter.ok());
  CHECK(filter->name() == "networkFilters/f");
  CHECK(filter->spec().entries(1).rule().stateless());
  CHECK(WriteNetworkFilterXml(*filter) == kWhole);
}

TEST_CASE("Chains have priorities of their own") {
  const auto head = [](absl::string_view attributes) {
    const auto filter = ParseNetworkFilterXml(absl::StrCat("<filter name='f' ", attributes, "/>"));
    REQUIRE(filter.ok());
    const std::string text = WriteNetworkFilterXml(*filter);
    return text.substr(0, text.find('\n'));
  };
  CHECK(head("") == "<filter name='f' chain='root'>");
  CHECK(head("chain='arp'") == "<filter name='f' chain='arp' priority='-500'>");
  CHECK(head("chain='arp-x'") == "<filter name='f' chain='arp-x'>");
  CHECK(head("chain='mac' priority='7'") == "<filter name='f' chain='mac' priority='7'>");
}

TEST_CASE("Values are brought into one form, fields into one order") {
  CHECK(Normal("<mac protocolid='0x800'/>") == "<mac protocolid='ipv4'/>");
  CHECK(Normal("<mac protocolid='0x900' srcmacaddr='A:B:C:D:E:F'/>") ==
        "<mac srcmacaddr='0a:0b:0c:0d:0e:0f' protocolid='0x900'/>");
  CHECK(Normal("<arp opcode='1' gratuitous='yes'/>") == "<arp opcode='Request' gratuitous='true'/>");
  CHECK(Normal("<arp opcode='11'/>") == "<arp opcode='11'/>");
  CHECK(Normal("<ip protocol='17' dscp='0x3F' srcipaddr='10.1.1.1' srcipmask='255.255.0.0'/>") ==
        "<ip srcipaddr='10.1.1.1' srcipmask='16' protocol='udp' dscp='0x3f'/>");
  CHECK(Normal("<ipv6 dstipaddr='A:B:C::' dstipmask='ffff:ffff:ffff:ffff:8000::'/>") ==
        "<ipv6 dstipaddr='a:b:c::' dstipmask='65'/>");
  CHECK(Normal("<tcp flags='ack,syn/none'/>") == "<tcp flags='SYN,ACK/NONE'/>");
  CHECK(Normal("<udp state='related,new'/>") == "<udp state='NEW,RELATED'/>");
  CHECK(Normal("<all ipset='s' ipsetflags='SRC,dst'/>") == "<all ipset='s' ipsetflags='src,dst'/>");
  CHECK(Normal("<vlan vlanid='0xfff' encap-protocol='arp'/>") == "<vlan vlanid='0xfff' encap-protocol='arp'/>");
  CHECK(Normal("<icmp type='$T[@0]' code='$C[ 2 ]'/>") == "<icmp type='$T' code='$C[2]'/>");
  CHECK(Normal("<all match='no'/>") == "<all/>");
}

TEST_CASE("Filters that are refused") {
  CheckRefusals(
      {
          {"<filter/>", v1::REASON_SPEC_INVALID, "line 1 column 1: element /filter has no attribute name"},
          {"<filter name='f' chain='tcp'/>", v1::REASON_SPEC_INVALID, "line 1 column 18: attribute chain"},
          {"<filter name='f' chain='arp-0123456789abcdef'/>", v1::REASON_SPEC_INVALID,
           "line 1 column 18: attribute chain"},
          {"<filter name='f' priority='1001'/>", v1::REASON_SPEC_INVALID, "line 1 column 18: attribute priority"},
          {"<filter name='f'><rule direction='in'/></filter>", v1::REASON_SPEC_INVALID, "line 1 column 18"},
          {"<filter name='f'><rule action='log' direction='in'/></filter>", v1::REASON_DOCUMENT_UNKNOWN,
           "line 1 column 24"},
          {Rule("<carp/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 1: element /filter/rule/carp"},
          {Rule("<tcp/><udp/>"), v1::REASON_SPEC_INVALID, "line 2 column 7"},
          {Rule("<tcp vlanid='1'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 6"},
          {Rule("<tcp dscp='64'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<mac protocolid='15'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<arp opcode='65536'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<all srcipmask='33'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<all srcipmask='255.0.255.0'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<all srcipaddr='fd00::1'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<all-ipv6 srcipaddr='10.0.0.1'/>"), v1::REASON_SPEC_INVALID, "line 2 column 11"},
          {Rule("<all connlimit-above='0x1'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<all ipset='a'/>"), v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /filter/rule/all has ipset and no"},
          {Rule("<tcp flags='SYN'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<tcp srcipaddr='$'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<tcp srcipaddr='$A[@x]'/>"), v1::REASON_SPEC_INVALID, "line 2 column 6"},
          {Rule("<tcp><ip/></tcp>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 6"},
          {"<filter name='f'><filterref filter='g'><parameter name='a-b' value='1'/></filterref></filter>",
           v1::REASON_SPEC_INVALID, "line 1 column 40"},
      },
      Parse);
}

TEST_CASE("A damaged filter does no harm") {
  TryDamaged(absl::string_view(kWhole, sizeof(kWhole) - 3), Parse);
}

}  // namespace
}  // namespace reeve::formats
