#include "formats/faults.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

TEST_CASE("every violation is a fault, with its place where it has one") {
  absl::Status status = Error(v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 7: element /a/b is not known");
  AddFieldViolation(&status, "line 3 column 7", "element /a/b is not known");
  AddFieldViolation(&status, "spec.memory", "is 0");
  const std::vector<Fault> faults = FaultsOf(status);
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].line == 3);
  CHECK(faults[0].column == 7);
  CHECK(faults[0].text == "element /a/b is not known");
  CHECK(faults[1].line == 0);
  CHECK(faults[1].text == "spec.memory: is 0");
}

TEST_CASE("without violations the message is the fault") {
  const auto placed = FaultsOf(Error(v1::REASON_DOCUMENT_MALFORMED, "line 2 column 11: expected a quote: none"));
  REQUIRE(placed.size() == 1);
  CHECK(placed[0].line == 2);
  CHECK(placed[0].column == 11);
  CHECK(placed[0].text == "expected a quote: none");
  for (const char* text : {"line 2: no column", "line x column 3: x", "line 0 column 3: zero", "column 2 line 3: x",
                           "line 99999999999 column 1: far", "plain", ""}) {
    const auto faults = FaultsOf(absl::InvalidArgumentError(text));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].line == 0);
    CHECK(faults[0].text == text);
  }
  CHECK(FaultsOf(absl::OkStatus()).empty());
}

TEST_CASE("all faults of a document are told, in every form") {
  const auto faults = [](Format format, const char* text) { return Validate(format, Kind::kNetwork, text).faults; };
  CHECK(faults(Format::kXml, "<network><name>n</name></network>").empty());
  const auto of_xml = faults(Format::kXml, "<network><name>n</name>\n<a/><b/>\n<mtu size='x'/></network>");
  REQUIRE(of_xml.size() == 3);
  CHECK(of_xml[0].line == 2);
  CHECK(of_xml[1].column == 5);
  CHECK(of_xml[2].line == 3);
  // protobuf's reader stops at the first.
  const auto of_text = faults(Format::kTextproto, "name: 'networks/n'\ncolour: 1");
  REQUIRE(of_text.size() == 1);
  CHECK(of_text[0].line == 2);
  CHECK(faults(Format::kJson, "{\"colour\":1}").size() == 1);
  // What the form allows, and the model does not: the place would be one of a text that the user has not written.
  const auto of_model = faults(Format::kTextproto, "name: 'networks/n' spec { mac_address: 'x' }");
  REQUIRE(of_model.size() == 1);
  CHECK(of_model[0].line == 0);
}

TEST_CASE("a lenient reading makes warnings of what is not known") {
  ConvertOptions lenient;
  lenient.strictness = Strictness::kLenient;
  const char* text = "<network colour='red'><name>n</name>\n<a><b/></a></network>";
  CHECK(Validate(Format::kXml, Kind::kNetwork, text).faults.size() == 2);
  const Findings findings = Validate(Format::kXml, Kind::kNetwork, text, lenient);
  CHECK(findings.faults.empty());
  REQUIRE(findings.warnings.size() == 2);
  CHECK(findings.warnings[0].text == "attribute colour of /network is not known and is left out");
  CHECK(findings.warnings[1].line == 2);
  CHECK(findings.warnings[1].text == "element /network/a is not known and is left out");
  // Without its root, or with nothing but what is not known, it is none of its kind.
  CHECK(Validate(Format::kXml, Kind::kNetwork, "<pool/>", lenient).faults.size() == 1);
  std::string many = "<network><name>n</name>";
  for (size_t i = 0; i <= kMaxUnknown; ++i) many += "<a/>";
  const Findings refused = Validate(Format::kXml, Kind::kNetwork, many + "</network>", lenient);
  REQUIRE(refused.faults.size() == 1);
  CHECK(absl::StrContains(refused.faults[0].text, "more than 100"));
  // A value that is not known is no less wrong.
  CHECK(Validate(Format::kXml, Kind::kNetwork, "<network><name>n</name><forward mode='x'/><ip address='10.0.0.1' netmask='255.0.0.0'/></network>", lenient)
            .faults.size() == 1);
}

TEST_CASE("faults of an lxc configuration are told section by section") {
  const auto faults = Validate(Format::kLxcTools, Kind::kDomain, "lxc.tty.max = x\nlxc.idmap = u\n").faults;
  REQUIRE(faults.size() == 4);  // and there is neither a name nor a root
  const auto lines = Validate(Format::kLxcTools, Kind::kDomain, "nonsense\nmore = 1\nlxc.tty.max = 1\n").faults;
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].line == 2);
}

TEST_CASE("keys that have no effect are refused by a strict reading") {
  const char* text = "lxc.uts.name = web1\nlxc.rootfs.path = /srv/web1\nlxc.apparmor.profile = x\n";
  ConvertOptions options;
  const Findings strict = Validate(Format::kLxcTools, Kind::kDomain, text, options);
  REQUIRE(strict.faults.size() == 1);
  CHECK(strict.faults[0].line == 3);
  CHECK(strict.warnings.empty());
  options.strictness = Strictness::kLenient;
  const Findings lenient = Validate(Format::kLxcTools, Kind::kDomain, text, options);
  CHECK(lenient.faults.empty());
  CHECK(lenient.warnings.size() == 1);
}

}  // namespace
}  // namespace reeve::formats
