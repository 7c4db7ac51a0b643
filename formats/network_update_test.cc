#include "formats/network_update.h"

#include <catch2/catch.hpp>

#include "formats/network_xml.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Command = UpdateCommand;
using Section = UpdateSection;

v1::Network Start() {
  const auto network = ParseNetworkXml(R"(<network><name>n</name>
    <forward mode='passthrough'><interface dev='e1'/></forward>
    <dns><txt name='t' value='v'/><srv service='s' protocol='tcp' port='1'/><srv service='s' protocol='tcp' port='2'/>
      <host ip='10.0.0.9'><hostname>h</hostname></host></dns>
    <ip address='10.0.0.1' prefix='24'><dhcp><range start='10.0.0.50' end='10.0.0.60'/>
      <host mac='52:54:00:00:00:01' name='a' ip='10.0.0.2'/></dhcp></ip>
    <portgroup name='g' default='yes'/></network>)");
  REQUIRE(network.ok());
  return *network;
}

TEST_CASE("Elements are added at both ends, replaced and deleted") {
  v1::Network network = Start();
  const auto apply = [&](Command command, Section section, const char* xml) {
    const absl::Status status = ApplyNetworkUpdate(&network, command, section, -1, xml);
    INFO(status.message());
    CHECK(status.ok());
  };
  apply(Command::kAddFirst, Section::kForwardInterface, "<interface dev='e0'/>");
  apply(Command::kAddLast, Section::kForwardInterface, "<interface dev='e2'/>");
  CHECK(network.spec().forward().interfaces(0) == "e0");
  CHECK(network.spec().forward().interfaces(2) == "e2");
  apply(Command::kModify, Section::kIpDhcpHost, "<host mac='52:54:00:00:00:01' name='b' ip='10.0.0.3'/>");
  CHECK(network.spec().ips(0).hosts(0).address() == "10.0.0.3");
  apply(Command::kDelete, Section::kIpDhcpHost, "<host name='b'/>");
  CHECK(network.spec().ips(0).hosts().empty());
  apply(Command::kAddFirst, Section::kIpDhcpRange, "<range start='10.0.0.20' end='10.0.0.30'/>");
  CHECK(network.spec().ips(0).ranges(0).start() == "10.0.0.20");
  apply(Command::kDelete, Section::kDnsHost, "<host><hostname>h</hostname></host>");
  CHECK(network.spec().dns().hosts().empty());
  apply(Command::kDelete, Section::kDnsTxt, "<txt name='t'/>");
  apply(Command::kDelete, Section::kDnsSrv, "<srv port='2'/>");
  CHECK(network.spec().dns().srvs_size() == 1);
  apply(Command::kModify, Section::kPortGroup, "<portgroup name='g' trustGuestRxFilters='yes'/>");
  CHECK_FALSE(network.spec().port_groups(0).is_default());
}

TEST_CASE("Updates that are refused change nothing") {
  struct Case {
    Command command;
    Section section;
    int index;
    const char* xml;
    v1::Reason reason;
  };
  const Case cases[] = {
      {Command::kAddLast, Section::kForwardInterface, -1, "<interface dev='e1'/>", v1::REASON_SPEC_INVALID},
      {Command::kDelete, Section::kForwardInterface, -1, "<interface dev='e9'/>", v1::REASON_SPEC_INVALID},
      {Command::kModify, Section::kForwardInterface, -1, "<interface dev='e1'/>", v1::REASON_SPEC_UNSUPPORTED},
      {Command::kAddLast, Section::kIpDhcpHost, -1, "<host mac='52:54:00:00:00:02'/>", v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kIpDhcpHost, -1, "<host mac='52:54:00:00:00:02' ip='10.0.0.2'/>",
       v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kIpDhcpHost, 7, "<host name='x' ip='10.0.0.4'/>", v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kIpDhcpRange, 0, "<range start='10.0.1.1' end='10.0.1.2'/>",
       v1::REASON_SPEC_INVALID},
      {Command::kDelete, Section::kIpDhcpRange, 0, "<range start='10.0.0.1' end='10.0.0.2'/>", v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kPortGroup, -1, "<portgroup name='h' default='yes'/>", v1::REASON_SPEC_INVALID},
      {Command::kDelete, Section::kDnsSrv, -1, "<srv service='s'/>", v1::REASON_SPEC_INVALID},
      {Command::kDelete, Section::kDnsHost, -1, "<host/>", v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kDnsTxt, -1, "<txt name='t' value='w'/>", v1::REASON_SPEC_INVALID},
      {Command::kModify, Section::kIpDhcpHost, -1, "<host name='c' ip='10.0.0.2'/>", v1::REASON_SPEC_INVALID},
      {Command::kAddLast, Section::kDnsTxt, -1, "<host/>", v1::REASON_DOCUMENT_UNKNOWN},
      {Command::kAddLast, Section::kDnsTxt, -1, "<txt", v1::REASON_DOCUMENT_MALFORMED},
  };
  const v1::Network before = Start();
  for (const Case& c : cases) {
    INFO(c.xml);
    v1::Network network = before;
    const absl::Status status = ApplyNetworkUpdate(&network, c.command, c.section, c.index, c.xml);
    CHECK(v1::Reason_Name(ReasonOf(status)) == v1::Reason_Name(c.reason));
    CHECK(network.SerializeAsString() == before.SerializeAsString());
  }
}

TEST_CASE("Commands and sections have libvirt's names") {
  CHECK(UpdateCommandFromName("ADD_FIRST") == Command::kAddFirst);
  CHECK(UpdateCommandFromName("add") == Command::kAddLast);
  CHECK(UpdateSectionFromName("ip-dhcp-range") == Section::kIpDhcpRange);
  CHECK_FALSE(UpdateSectionFromName("bridge"));
}

}  // namespace
}  // namespace reeve::formats
