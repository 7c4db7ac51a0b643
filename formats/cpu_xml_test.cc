#include "formats/cpu_xml.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

constexpr char kGuest[] = R"(<cpu mode='custom' match='exact'>
  <model fallback='allow'>Haswell</model>
  <vendor>Intel</vendor>
  <feature policy='disable' name='rtm'/>
  <feature policy='require' name='vmx'/>
</cpu>
)";

constexpr char kHost[] =
    "<cpu><arch>x86_64</arch><model>Nehalem</model><vendor>Intel</vendor><signature family='6' model='26' "
    "stepping='1'/>"
    "<feature name='ds'/><feature name='vmx'/><pages unit='KiB' size='4'/></cpu>";

DescribedCpu OnlyOne(absl::string_view text) {
  const auto found = ParseCpuXml(text);
  INFO(found.status());
  REQUIRE(found.ok());
  REQUIRE(found->size() == 1);
  return found->front();
}

std::string Words(const v1::Cpu& cpu) {
  std::string words = cpu.model();
  for (const v1::CpuFeature& feature : cpu.features())
    absl::StrAppend(&words, " ", feature.policy(), ":", feature.name());
  return words;
}

TEST_CASE("a guest's processor is read and written as it is") {
  const DescribedCpu found = OnlyOne(kGuest);
  CHECK(found.architecture.empty());
  CHECK(found.cpu.vendor() == "Intel");
  CHECK(Words(found.cpu) == "Haswell disable:rtm require:vmx");
  CHECK(WriteCpuXml(found.cpu) == kGuest);
}

TEST_CASE("a processor with an architecture is a host's: its features have no policy") {
  const DescribedCpu found = OnlyOne(kHost);
  CHECK(found.architecture == "x86_64");
  CHECK(found.cpu.vendor() == "Intel");
  CHECK(Words(found.cpu) == "Nehalem :ds :vmx");
}

TEST_CASE("a processor is found in the documents that have one, whatever else they say") {
  CHECK(Words(OnlyOne(absl::StrCat("<?xml version='1.0'?>\n<!-- x --><domain type='kvm'><unheard-of/>", kGuest,
                                   "</domain>\n"))
                  .cpu) == "Haswell disable:rtm require:vmx");
  const DescribedCpu host =
      OnlyOne(absl::StrCat("<capabilities><host><uuid/>", kHost, "</host><guest/></capabilities>"));
  CHECK(host.architecture == "x86_64");
  CHECK(Words(host.cpu) == "Nehalem :ds :vmx");
  const DescribedCpu model = OnlyOne(
      "<domainCapabilities><cpu><mode name='host-passthrough' supported='yes'/>"
      "<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model>"
      "<feature policy='require' name='x2apic'/></mode></cpu></domainCapabilities>");
  CHECK(model.architecture.empty());
  CHECK(Words(model.cpu) == "EPYC require:x2apic");
}

TEST_CASE("several stand one after another") {
  const auto found =
      ParseCpuXml(absl::StrCat("<?xml version='1.0' encoding='UTF-8'?>\n", kGuest, "<!-- <cpu> -->", kHost,
                               "\n<domain a='>'><![CDATA[<cpu>]]><cpu><model>486</model></cpu></domain>"));
  INFO(found.status());
  REQUIRE(found.ok());
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].cpu.model() == "Haswell");
  CHECK((*found)[1].architecture == "x86_64");
  CHECK((*found)[2].cpu.model() == "486");
}

TEST_CASE("what is wrong is told with its place in the whole text") {
  const std::string many = [] {
    std::string text = "<cpu><model>486</model>";
    for (int i = 0; i < 2000; ++i) absl::StrAppend(&text, "<feature policy='require' name='f", i, "'/>");
    return text + "</cpu>";
  }();
  const std::string crowd = [] {
    std::string text;
    for (int i = 0; i < 1025; ++i) text += "<cpu/>";
    return text;
  }();
  CheckRefusals(
      {
          {"", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1: "},
          {"<cpu>", v1::REASON_DOCUMENT_MALFORMED, "line 1 "},
          {"<cpu/> x <cpu/>", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 8: "},
          {"<cpu/></cpu>", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 7: "},
          {"<!DOCTYPE cpu><cpu/>", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1: "},
          {"<cpu/><?php?><cpu/>", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 7: "},
          {"<network/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 1: element /network is not known"},
          {"<domain/>", v1::REASON_SPEC_INVALID, "line 1 column 1: element /domain does not describe a processor"},
          {"<capabilities><host/></capabilities>", v1::REASON_SPEC_INVALID, "line 1 column 1: "},
          {"<domainCapabilities><cpu><mode name='host-model' supported='no'/></cpu></domainCapabilities>",
           v1::REASON_SPEC_INVALID, "line 1 column 1: "},
          {"<cpu><modell>486</modell></cpu>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 6: element /cpu/modell"},
          {"<cpu/>\n<!-- \xc3\xa4 --><cpu><x/></cpu>", v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 16: element /cpu/x"},
          {"<cpu/>\n<cpu>\n</cpux>", v1::REASON_DOCUMENT_MALFORMED, "line 3 column 1: "},
          {"<cpu><model>486</model><feature policy='perhaps' name='vme'/></cpu>", v1::REASON_DOCUMENT_UNKNOWN,
           "line 1 column 33: "},
          {many, v1::REASON_SPEC_INVALID, "line 1 column "},
          {crowd, v1::REASON_SPEC_INVALID, "the text has more than 1024 processors"},
          {std::string(2 << 20, ' '), v1::REASON_DOCUMENT_MALFORMED, "the text has 2097152 bytes"},
      },
      [](const std::string& text) { return ParseCpuXml(text).status(); });
}

TEST_CASE("damaged texts are refused or read, and never more than that") {
  TryDamaged(kHost, [](const std::string& text) { return ParseCpuXml(text).status(); });
}

}  // namespace
}  // namespace reeve::formats
