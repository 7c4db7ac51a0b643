// What domain XML is refused, why, and where.
#include <catch2/catch.hpp>
#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_xml.h"
#include "google/rpc/error_details.pb.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

struct Case {
  std::string text;
  v1::Reason reason;
  std::string message;
};

// Line 1 is the root and the name; `rest` begins on line 2.
std::string Domain(absl::string_view rest) {
  return absl::StrCat("<domain type='lxc'><name>a</name>\n", rest, "</domain>");
}
std::string Devices(absl::string_view rest) {
  return Domain(absl::StrCat("<devices>", rest, "</devices>"));
}
std::string Repeat(absl::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result.append(text.data(), text.size());
  return result;
}

google::rpc::BadRequest ViolationsOf(const absl::Status& status) {
  google::rpc::BadRequest violations;
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& detail : rpc.details()) {
    if (absl::EndsWith(detail.type_url(), "/google.rpc.BadRequest")) violations.ParseFromString(detail.value());
  }
  return violations;
}

void CheckCases(const std::vector<Case>& cases) {
  for (const Case& wrong : cases) {
    CAPTURE(wrong.text);
    const auto domain = ParseDomainXml(wrong.text);
    REQUIRE_FALSE(domain.ok());
    CHECK(domain.status().message() == wrong.message);
    CHECK(ReasonOf(domain.status()) == wrong.reason);
    CHECK(domain.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(ViolationsOf(domain.status()).field_violations_size() >= 1);
  }
}

TEST_CASE("documents that are not well formed") {
  CheckCases({
      {"", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1: there is no element"},
      {"<domain type='lxc'>\n <name>a</nam></domain>", v1::REASON_DOCUMENT_MALFORMED,
       "line 2 column 9: </nam> stands where </name> is wanted"},
      {Domain("<title>&xxe;</title>"), v1::REASON_DOCUMENT_MALFORMED, "line 2 column 8: reference &xxe; is not known"},
      {"<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<domain type='lxc'><name>&x;</name></domain>",
       v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1: document types and their declarations are refused"},
      {Domain("<?pi?>"), v1::REASON_DOCUMENT_MALFORMED, "line 2 column 1: processing instructions are refused"},
      {"<domain type='lxc' type='xen'><name>a</name></domain>", v1::REASON_DOCUMENT_MALFORMED,
       "line 1 column 20: attribute type is there twice"},
      {Domain("<os>text</os>"), v1::REASON_DOCUMENT_MALFORMED,
       "line 2 column 1: element /domain/os has text where none is allowed"},
      {Domain("<metadata><x/></metadata>"), v1::REASON_DOCUMENT_MALFORMED,
       "line 2 column 11: element <x> is in no namespace declared here"},
  });
}

TEST_CASE("what is not known is refused by name and place") {
  CheckCases({
      {"<network><name>a</name></network>", v1::REASON_DOCUMENT_UNKNOWN,
       "line 1 column 1: element /network is not known"},
      {"<domain type='vbox'><name>a</name></domain>", v1::REASON_DOCUMENT_UNKNOWN,
       "line 1 column 9: attribute type of /domain has the value 'vbox', which is not known"},
      {Domain("  <genid/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 3: element /domain/genid is not known"},
      {Domain("<os><type arch='x86_64' boot='x'>exe</type></os>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 25: attribute boot of /domain/os/type is not known"},
      {Domain("<os><type>uml</type></os>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 5: element /domain/os/type has the value 'uml', which is not known"},
      {Domain("<on_crash>explode</on_crash>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 1: element /domain/on_crash has the value 'explode', which is not known"},
      {Domain("<features><capabilities><fly state='on'/></capabilities></features>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 25: element /domain/features/capabilities/fly is not known"},
      {Domain("<features><privnet><x/></privnet></features>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 20: element /domain/features/privnet/x is not known"},
      {Devices("<nvram/>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 10: element /domain/devices/nvram is not known"},
      {Devices("<interface type='vds'/>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 21: attribute type of /domain/devices/interface has the value 'vds', which is not known"},
      {Devices("<interface type='ethernet'><teaming type='x'/></interface>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 37: element /domain/devices/interface/teaming is not known"},
      {Devices("<filesystem type='mount'><source dir='/a' x='1'/><target dir='/'/></filesystem>"),
       v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 52: attribute x of /domain/devices/filesystem/source is not known"},
      {Devices("<hostdev mode='subsystem' type='mdev'><source/></hostdev>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 36: attribute type of /domain/devices/hostdev has the value 'mdev', which is not known"},
      {"<domain type='lxc' xmlns='urn:x'><name>a</name></domain>", v1::REASON_DOCUMENT_UNKNOWN,
       "line 1 column 20: attribute xmlns of /domain is not known"},
      {"<domain type='lxc' xmlns:lxc='urn:x'><name>a</name></domain>", v1::REASON_DOCUMENT_UNKNOWN,
       "line 1 column 20: attribute xmlns:lxc of /domain has the value 'urn:x', which is not known"},
      {Domain("<lxc:namespace/>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 1: element /domain/lxc:namespace is not known"},
      {Domain("<metadata x='1'/>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 11: attribute x of /domain/metadata is not known"},
      {Domain("<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:x/></reeve:domain></metadata>"),
       v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 58: element /domain/metadata/reeve:domain/reeve:x is not known"},
      {Domain("<name\u00e9/>"), v1::REASON_DOCUMENT_UNKNOWN,
       "line 2 column 1: element /domain/name\u00e9 is not known"},
  });
}

TEST_CASE("bad values are refused with what is wrong") {
  CheckCases({
      {"<domain><name>a</name></domain>", v1::REASON_SPEC_INVALID,
       "line 1 column 1: element /domain has no attribute type"},
      {"<domain type='lxc'/>", v1::REASON_SPEC_INVALID, "line 1 column 1: element /domain has no element name"},
      {"<domain type='lxc'><name>../etc</name></domain>", v1::REASON_SPEC_INVALID,
       "line 1 column 20: element /domain/name is wrong: domain name '../etc' has a '/'"},
      {absl::StrCat("<domain type='lxc'><name>", Repeat("x", 129), "</name></domain>"), v1::REASON_SPEC_INVALID,
       absl::StrCat("line 1 column 20: element /domain/name is wrong: domain name '", Repeat("x", 80),
                    "...' has 129 bytes, at most 128 are allowed")},
      {Domain("<name>b</name>"), v1::REASON_SPEC_INVALID, "line 2 column 1: element /domain/name is there twice"},
      {Domain("<uuid>x</uuid>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/uuid is wrong: 'x' is not a UUID: 32 hexadecimal digits are wanted"},
      {Domain("<memory unit='parsec'>1</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory has the unit 'parsec', which is not known"},
      {Domain("<memory>x</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory is 'x', not a whole number"},
      {Domain("<memory>-1</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory is '-1', not a whole number"},
      {Domain("<memory unit='EiB'>8</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory is 2^63 bytes or more"},
      {Domain("<memory>99999999999999999999</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory is 99999999999999999999, more than 18446744073709551615"},
      {Domain("<memory>1</memory>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/memory: spec.memory_kib is 1, 1024 to 9007199254740991 is allowed"},
      {Domain("<vcpu>0</vcpu>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/vcpu is 0, at least 1 is wanted"},
      {Domain("<vcpu>4097</vcpu>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/vcpu: spec.vcpus is 4097, 0 to 4096 is allowed"},
      {Domain("<vcpu>4294967296</vcpu>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/vcpu is 4294967296, more than 4294967295"},
      {Domain("<cputune>\n <shares>1</shares></cputune>"), v1::REASON_SPEC_INVALID,
       "line 3 column 2: element /domain/cputune/shares: spec.cpu_tuning.shares is 1, 2 to 262144 is allowed"},
      {Domain("<os><init>bin/sh</init></os>"), v1::REASON_SPEC_INVALID,
       "line 2 column 5: element /domain/os/init: spec.os.init is 'bin/sh', not an absolute path"},
      {Domain("<os>\n<initenv name='A'/>\n<initenv name='1'/></os>"), v1::REASON_SPEC_INVALID,
       "line 4 column 1: element /domain/os/initenv: spec.os.init_environment[1].name is '1', not the name of a "
       "variable"},
      {Domain("<idmap><uid start='0' target='1'/></idmap>"), v1::REASON_SPEC_INVALID,
       "line 2 column 8: element /domain/idmap/uid has no attribute count"},
      {Domain("<idmap><uid start='1' target='1' count='1'/><gid start='0' target='1' count='1'/></idmap>"),
       v1::REASON_SPEC_INVALID,
       "line 2 column 8: element /domain/idmap/uid: spec.id_map.users[0].start is not 0, where the first entry must "
       "start"},
      {Domain("<idmap><uid start='0' target='4294967296' count='1'/></idmap>"), v1::REASON_SPEC_INVALID,
       "line 2 column 23: attribute target of /domain/idmap/uid is 4294967296, more than 4294967295"},
      {Domain("<numatune/>"), v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/numatune has no element memory"},
      {Devices("<filesystem><target dir='/'/></filesystem>"), v1::REASON_SPEC_INVALID,
       "line 2 column 10: element /domain/devices/filesystem has no element source"},
      {Devices("<filesystem><source file='/a'/><target dir='/'/></filesystem>"), v1::REASON_SPEC_INVALID,
       "line 2 column 22: element /domain/devices/filesystem/source has no attribute dir"},
      {Devices("<filesystem><source dir='/a'/><target dir='/'/></filesystem>\n"
               "<filesystem><source dir='/a/../b'/><target dir='/b'/></filesystem>"),
       v1::REASON_SPEC_INVALID,
       "line 3 column 13: element /domain/devices/filesystem/source: spec.devices.filesystems[1].source is '/a/../b', "
       "a "
       "path with the component '..'"},
      {Devices("<filesystem type='ram'><source usage='0'/><target dir='/'/></filesystem>"), v1::REASON_SPEC_INVALID,
       "line 2 column 33: element /domain/devices/filesystem/source has the size 0"},
      {Devices("<interface type='bridge'><mac address='01:00:00:00:00:01'/><source bridge='b'/></interface>"),
       v1::REASON_SPEC_INVALID,
       "line 2 column 35: element /domain/devices/interface/mac: spec.devices.interfaces[0].mac_address is "
       "01:00:00:00:00:01, a multicast address"},
      {Devices("<interface type='bridge'/>"), v1::REASON_SPEC_INVALID,
       "line 2 column 10: element /domain/devices/interface: spec.devices.interfaces[0].source is missing"},
      {Devices("<interface/>"), v1::REASON_SPEC_INVALID,
       "line 2 column 10: element /domain/devices/interface has no attribute type"},
      {Devices("<interface type='ethernet'><ip address='::1' family='ipv4'/></interface>"), v1::REASON_SPEC_INVALID,
       "line 2 column 55: attribute family of /domain/devices/interface/ip is not the family of the address"},
      {Domain("<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:reboot "
              "signal='X'/></reeve:domain></metadata>"),
       v1::REASON_SPEC_INVALID,
       "line 2 column 1: element /domain/metadata: spec.shutdown_signals.reboot is 'X', not a signal"},
      {Domain("<metadata><reeve:domain xmlns:reeve='urn:reeve:domain:1'><reeve:lxc><reeve:device type='char' "
              "access='x'/></reeve:lxc></reeve:domain></metadata>"),
       v1::REASON_SPEC_INVALID,
       "line 2 column 69: element /domain/metadata/reeve:domain/reeve:lxc/reeve:device: spec.lxc.devices[0].access is "
       "not of the letters r, w and m, each once"},
  });
}

TEST_CASE("all faults are told, in the order of the document, and no more than twenty") {
  const auto three = ParseDomainXml(Domain("<x/>\n<memory>y</memory>\n<os z='1'/>"));
  const auto violations = ViolationsOf(three.status());
  REQUIRE(violations.field_violations_size() == 3);
  CHECK(violations.field_violations(0).field() == "line 2 column 1");
  CHECK(violations.field_violations(1).field() == "line 3 column 1");
  CHECK(violations.field_violations(2).field() == "line 4 column 5");
  CHECK(violations.field_violations(2).description() == "attribute z of /domain/os is not known");
  CHECK(ReasonOf(three.status()) == v1::REASON_DOCUMENT_UNKNOWN);

  const auto many = ParseDomainXml(Domain(Repeat("<x/>", 100000)));
  CHECK(ViolationsOf(many.status()).field_violations_size() == 20);
}

TEST_CASE("hostile documents are refused at once") {
  const auto begin = std::chrono::steady_clock::now();
  const std::string bomb =
      "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">]>"
      "<domain type='lxc'><name>&lol2;</name></domain>";
  const std::string open_only = Repeat("<a>", 100000);
  const std::string nested = absl::StrCat(open_only, Repeat("</a>", 100000));
  const std::string huge_attribute = absl::StrCat("<domain type='", Repeat("x", 900000), "'/>");
  const std::string huge_name = absl::StrCat("<", Repeat("x", 900000), "/>");
  const std::string too_large = absl::StrCat("<domain>", Repeat(" ", 1 << 20), "</domain>");
  const std::string with_null("<domain type='lxc'>\0</domain>", 29);
  const std::string many_attributes = [] {
    std::string text = "<domain";
    for (int i = 0; i < 50000; ++i) absl::StrAppend(&text, " a", i, "=''");
    return text + "/>";
  }();
  for (const std::string& text :
       {bomb, open_only, nested, huge_attribute, huge_name, too_large, with_null, many_attributes}) {
    const auto domain = ParseDomainXml(text);
    REQUIRE_FALSE(domain.ok());
    CHECK(ReasonOf(domain.status()) == v1::REASON_DOCUMENT_MALFORMED);
    CHECK(domain.status().message().size() < 400);
  }
  // Many devices, many ignored aliases, many faults: bounded work.
  const std::string aliases = Devices(Repeat("<console><alias/></console>", 30000));
  CHECK(ReasonOf(ParseDomainXml(aliases).status()) == v1::REASON_SPEC_INVALID);
  std::vector<Warning> warnings;
  ParseDomainXml(aliases, &warnings).IgnoreError();
  CHECK(warnings.size() == 20);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

TEST_CASE("a document cut anywhere gives an answer") {
  const std::string text = R"(<?xml version='1.0'?>
<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>
  <name>a&amp;b</name>
  <metadata><x:y xmlns:x="urn:x"><![CDATA[z]]><!-- c --></x:y></metadata>
  <memory unit='KiB'>65536</memory>
  <os><type>exe</type><init>/sbin/init</init></os>
  <devices><console type='pty'/></devices>
  <lxc:namespace><lxc:shareuts type='name' value='b'/></lxc:namespace>
</domain>)";
  REQUIRE(ParseDomainXml(text).ok());
  for (size_t length = 0; length < text.size(); ++length) {
    const auto domain = ParseDomainXml(absl::string_view(text).substr(0, length));
    CAPTURE(length);
    REQUIRE(ReasonOf(domain.status()) == v1::REASON_DOCUMENT_MALFORMED);
  }
  // And with any byte turned into one that means something.
  for (size_t place = 0; place < text.size(); ++place) {
    for (char byte : {'<', '>', '&', '\'', '/', '\0', '\xff', ' ', ':'}) {
      std::string changed = text;
      changed[place] = byte;
      const auto domain = ParseDomainXml(changed);
      if (!domain.ok()) REQUIRE(ReasonOf(domain.status()) != v1::REASON_UNSPECIFIED);
    }
  }
}

}  // namespace
}  // namespace reeve::formats
