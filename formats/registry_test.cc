#include "formats/registry.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr Kind kAllKinds[] = {Kind::kDomain,    Kind::kNetwork,    Kind::kPool,   Kind::kVolume,
                              Kind::kInterface, Kind::kNodeDevice, Kind::kSecret, Kind::kNetworkFilter};

TEST_CASE("Formats and kinds have names, both ways") {
  for (const Kind kind : kAllKinds) {
    CHECK(KindFromName(NameOf(kind)) == kind);
    CHECK(CanRead(Format::kXml, kind));
    CHECK(CanWrite(Format::kXml, kind));
  }
  for (const char* name : {"xml", "json", "textproto", "xen-xl", "xen-xm", "xen-sxpr", "lxc-tools"}) {
    const auto format = FormatFromName(name);
    REQUIRE(format);
    CHECK(NameOf(*format) == name);
  }
  CHECK(AllKinds() == std::vector<Kind>(std::begin(kAllKinds), std::end(kAllKinds)));
  CHECK(AllFormats().size() == 7);
  CHECK(AllFormats().front() == Format::kXml);
  CHECK_FALSE(FormatFromName("yaml"));
  CHECK_FALSE(KindFromName("planet"));
}

TEST_CASE("Documents go through json and textproto and come back the same") {
  struct Case {
    Kind kind;
    const char* text;
  };
  const Case cases[] = {
      {Kind::kNetwork,
       "<network><name>n</name><forward mode='hostdev' managed='yes'><address type='pci' "
       "bus='3'/></forward></network>"},
      {Kind::kPool, "<pool type='dir'><name>p</name><target><path>/p</path></target></pool>"},
      {Kind::kVolume, "<volume><name>v</name><capacity>7</capacity></volume>"},
      {Kind::kInterface, "<interface type='ethernet' name='e'/>"},
      {Kind::kNodeDevice, "<device><name>d</name><capability type='drm'><type>render</type></capability></device>"},
      {Kind::kSecret, "<secret private='yes'/>"},
      {Kind::kNetworkFilter,
       "<filter name='f'><rule action='drop' direction='in'><tcp dstportstart='22'/></rule></filter>"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto xml = Convert(Format::kXml, Format::kXml, c.kind, c.text);
    REQUIRE(xml.ok());
    for (const Format format : {Format::kJson, Format::kTextproto}) {
      const auto model = Convert(Format::kXml, format, c.kind, c.text);
      REQUIRE(model.ok());
      const auto back = Convert(format, Format::kXml, c.kind, *model);
      INFO(back.status().message());
      REQUIRE(back.ok());
      CHECK(*back == *xml);
    }
  }
}

TEST_CASE("What cannot be converted is refused") {
  const auto reason = [](Format from, Format to, Kind kind, absl::string_view text) {
    return ReasonOf(Convert(from, to, kind, text).status());
  };
  CHECK(reason(Format::kXenXl, Format::kXml, Kind::kNetwork, "") == v1::REASON_SPEC_UNSUPPORTED);
  CHECK(reason(Format::kXml, Format::kLxcTools, Kind::kSecret, "<secret/>") == v1::REASON_SPEC_UNSUPPORTED);
  CHECK(reason(Format::kJson, Format::kXml, Kind::kSecret, "{\"spec\":{\"usage\":") == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(reason(Format::kJson, Format::kXml, Kind::kSecret, "{\"colour\":1}") == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(reason(Format::kTextproto, Format::kXml, Kind::kSecret, "spec { usage: 77 }") == v1::REASON_SPEC_INVALID);
  // A model that no reader would have made.
  CHECK(reason(Format::kTextproto, Format::kXml, Kind::kNetwork, "name: 'networks/n' spec { mac_address: 'x' }") ==
        v1::REASON_SPEC_INVALID);
  CHECK(reason(Format::kTextproto, Format::kXml, Kind::kSecret, "spec { usage: USAGE_CEPH }") ==
        v1::REASON_SPEC_INVALID);
}

TEST_CASE("A UUID is given where there is none and where one can be") {
  ConvertOptions options;
  options.make_uuid = [](absl::string_view name) {
    CHECK(name == "n");
    return std::string("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
  };
  const auto network =
      Convert(Format::kXml, Format::kXml, Kind::kNetwork, "<network><name>n</name></network>", options);
  REQUIRE(network.ok());
  CHECK(network->find("<uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>") != std::string::npos);
  const auto volume = Convert(Format::kXml, Format::kXml, Kind::kVolume,
                              "<volume><name>n</name><capacity>1</capacity></volume>", options);
  REQUIRE(volume.ok());
  CHECK(volume->find("uuid") == std::string::npos);
}

}  // namespace
}  // namespace reeve::formats
