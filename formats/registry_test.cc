#include "formats/registry.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr Kind kAllKinds[] = {Kind::kDomain,       Kind::kNetwork,           Kind::kPool,   Kind::kVolume,
                              Kind::kInterface,    Kind::kNodeDevice,        Kind::kSecret, Kind::kNetworkFilter,
                              Kind::kCapabilities, Kind::kDomainCapabilities};

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
      {Kind::kCapabilities,
       "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>exe</os_type><arch name='x86_64'>"
       "<wordsize>64</wordsize><domain type='lxc'/></arch></guest></capabilities>"},
      {Kind::kDomainCapabilities,
       "<domainCapabilities><path>/q</path><domain>xen</domain><arch>x86_64</arch><features><gic "
       "supported='no'/></features></domainCapabilities>"},
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

TEST_CASE("What belongs to a running domain stays where XML or the model is written") {
  constexpr char kXml[] =
      "<domain type='xen' id='7'><name>a</name><memory>1024</memory><os><type>hvm</type></os><devices>"
      "<interface type='bridge'><source bridge='br0'/><target dev='vnet3'/></interface></devices></domain>";
  std::vector<Warning> warnings;
  ConvertOptions options;
  options.warnings = &warnings;
  for (const Format form : {Format::kXml, Format::kJson, Format::kTextproto}) {
    const auto there = Convert(Format::kXml, form, Kind::kDomain, kXml, options);
    REQUIRE(there.ok());
    const auto xml = Convert(form, Format::kXml, Kind::kDomain, *there, options);
    REQUIRE(xml.ok());
    INFO(*xml);
    CHECK(xml->find("<domain type='xen' id='7'>") == 0);
    CHECK(xml->find("<target dev='vnet3'/>") != std::string::npos);
  }
  CHECK(warnings.empty());
  const auto file = Convert(Format::kXml, Format::kXenXl, Kind::kDomain, kXml, options);
  REQUIRE(file.ok());
  CHECK(file->find("vnet3") == std::string::npos);
  CHECK_FALSE(warnings.empty());
}

TEST_CASE("A fault in JSON is told with its place") {
  const auto place = [](absl::string_view text) {
    const auto result = Convert(Format::kJson, Format::kXml, Kind::kDomain, text);
    return std::string(result.status().message().substr(0, result.status().message().find(':')));
  };
  CHECK(place("{\"name\":\n  ,}") == "line 2 column 3");
  CHECK(place("{\n \"nope\": 1}") == "line 2 column 2");
  CHECK(place("{\"spec\": {\n \"nope\": 1}}") == "line 2 column 2");
  CHECK(place("{\"spec\": {\n  \"memoryKib\": \"x\"}}") == "line 2 column 3");
  CHECK(place("{\"spec\": {\"devices\": {\"disks\": [{}, {\n   \"nope\": 1}]}}}") == "line 2 column 4");
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
  std::vector<std::string> asked;
  options.make_uuid = [&asked](absl::string_view what) {
    asked.emplace_back(what);
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
  CHECK(asked == std::vector<std::string>{"network/n"});
}

TEST_CASE("An interface without a hardware address is given one, of the hypervisor's prefix") {
  ConvertOptions options;
  std::vector<std::string> asked;
  options.make_uuid = [&asked](absl::string_view what) {
    asked.emplace_back(what);
    return std::string("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
  };
  for (const auto& [type, address] : {std::pair{"lxc", "52:54:00:d7:e8:f9"}, std::pair{"xen", "00:16:3e:d7:e8:f9"}}) {
    asked.clear();
    const auto domain = Convert(
        Format::kXml, Format::kXml, Kind::kDomain,
        absl::StrCat(
            "<domain type='", type, "'><name>n</name><memory>1024</memory><os><type>",
            absl::string_view(type) == "lxc" ? "exe" : "linux",
            "</type></os><devices><interface type='bridge'><mac address='02:00:00:00:00:01'/><source "
            "bridge='b'/></interface><interface type='bridge'><source bridge='b'/></interface></devices></domain>"),
        options);
    INFO(domain.status().message());
    REQUIRE(domain.ok());
    CHECK(domain->find("<mac address='02:00:00:00:00:01'/>") != std::string::npos);
    CHECK(domain->find(absl::StrCat("<mac address='", address, "'/>")) != std::string::npos);
    CHECK(asked == std::vector<std::string>{"domain/n", "domain/n/interface/1"});
  }
}

TEST_CASE("The host's capabilities fill what a document leaves open") {
  constexpr char kCapabilities[] =
      "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>exe</os_type><arch name='x86_64'>"
      "<wordsize>64</wordsize><emulator>/opt/lxc</emulator><domain type='lxc'/></arch></guest></capabilities>";
  ConvertOptions options;
  options.capabilities = kCapabilities;
  const auto converted = [&options](Format format, const char* text) {
    return Convert(format, Format::kXml, Kind::kDomain, text, options);
  };
  constexpr char kConf[] = "lxc.uts.name = web1\nlxc.rootfs.path = /srv/web1\n";
  constexpr char kXml[] = "<domain type='lxc'><name>n</name><memory>1024</memory><os><type>exe</type></os></domain>";
  CHECK(converted(Format::kLxcTools, kConf)->find("<emulator>/opt/lxc</emulator>") != std::string::npos);
  CHECK(converted(Format::kXml, kXml)->find("<emulator>/opt/lxc</emulator>") != std::string::npos);
  CHECK(converted(Format::kXml, kXml)->find("<type arch='x86_64'>exe</type>") != std::string::npos);
  options.capabilities = "<capabilities/>";
  CHECK(ReasonOf(converted(Format::kXml, kXml).status()) == v1::REASON_SPEC_INVALID);
  options.capabilities = "";
  CHECK(converted(Format::kXml, kXml)->find("emulator") == std::string::npos);
}

TEST_CASE("Formats and kinds have numbers in the API, both ways") {
  for (const Format format : AllFormats()) CHECK(FormatFromProto(ToProto(format)) == format);
  for (const Kind kind : AllKinds()) CHECK(KindFromProto(ToProto(kind)) == kind);
  CHECK(KindFromProto(v1::DOCUMENT_KIND_UNSPECIFIED) == Kind::kDomain);
  CHECK_FALSE(FormatFromProto(v1::Document::FORMAT_UNSPECIFIED));
  CHECK_FALSE(FormatFromProto(1000));
  CHECK_FALSE(KindFromProto(-1));
}

}  // namespace
}  // namespace reeve::formats
