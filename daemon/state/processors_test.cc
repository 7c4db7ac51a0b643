#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "daemon/state/fixture.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kHypervisor[] = "hypervisors/test";

// A host that is a 486 with a time stamp counter.
v1::HostCpu Processor() {
  v1::HostCpu host;
  host.set_architecture("x86_64");
  for (const char* feature : {"fpu", "vme", "pse", "tsc"}) host.add_features(feature);
  return host;
}

struct Processors : Fixture {
  Processors() {
    driver->processor = Processor();
    Open();
  }
  absl::StatusOr<v1::CpuComparison> Compare(const std::string& xml) {
    v1::CompareCpuRequest request;
    request.set_name(kHypervisor);
    request.set_xml(xml);
    return manager->CompareCpu(request);
  }
  absl::StatusOr<v1::CpuBaseline> Baseline(const std::vector<std::string>& texts) {
    v1::BaselineCpuRequest request;
    request.set_name(kHypervisor);
    for (const std::string& text : texts) request.add_xml(text);
    return manager->BaselineCpu(request);
  }
};

TEST_CASE_METHOD(Processors, "a text or a message is compared with the host") {
  CHECK(Compare("<cpu><model>486</model></cpu>")->result() == v1::CPU_COMPARISON_RESULT_SUPERSET);
  CHECK(Compare("<cpu><arch>x86_64</arch><model>486</model><feature name='tsc'/></cpu>")->result() ==
        v1::CPU_COMPARISON_RESULT_IDENTICAL);
  CHECK(Compare("<cpu><arch>aarch64</arch><model>486</model></cpu>")->result() ==
        v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
  v1::CompareCpuRequest request;
  request.set_name(kHypervisor);
  request.mutable_cpu()->set_model("pentium");
  const auto found = manager->CompareCpu(request);
  CHECK(found->result() == v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
  CHECK(found->missing_features_size() == 5);
}

TEST_CASE_METHOD(Processors, "texts and messages have a baseline") {
  const auto found = Baseline({"<cpu><model>486</model></cpu><cpu><model>pentium</model></cpu>",
                               "<domain><cpu><model>pentium3</model></cpu></domain>"});
  INFO(found.status());
  REQUIRE(found.ok());
  CHECK(found->cpu().model() == "486");
  CHECK(found->xml() == "<cpu mode='custom' match='exact'>\n  <model fallback='allow'>486</model>\n</cpu>\n");
  v1::BaselineCpuRequest request;
  request.set_name(kHypervisor);
  request.add_cpus()->set_model("pentium");
  request.set_expand_features(true);
  CHECK(manager->BaselineCpu(request)->cpu().features_size() == 9);
}

TEST_CASE_METHOD(Processors, "what is wrong is told, and many are too many") {
  CHECK(ReasonOf(Compare("").status()) == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(ReasonOf(Compare("<cpu/><cpu/>").status()) == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(Compare("<cpu><model>Foo</model></cpu>").status()) == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(Baseline({}).status()) == v1::REASON_SPEC_INVALID);
  const auto second = Baseline({"<cpu><model>486</model></cpu>", "<cpu><x/></cpu>"});
  CHECK(ReasonOf(second.status()) == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK_THAT(std::string(second.status().message()), Catch::StartsWith("xml[1]: line 1 column 6"));
  std::string many;
  for (int i = 0; i < 600; ++i) many += "<cpu><model>486</model></cpu>";
  CHECK(Baseline({many}).ok());
  CHECK(ReasonOf(Baseline({many, many}).status()) == v1::REASON_SPEC_INVALID);
  v1::BaselineCpuRequest request;
  request.set_name(kHypervisor);
  for (int i = 0; i < 1025; ++i) request.add_cpus()->set_model("486");
  CHECK(ReasonOf(manager->BaselineCpu(request).status()) == v1::REASON_SPEC_INVALID);
}

TEST_CASE_METHOD(Processors, "a hypervisor that cannot tell says so") {
  v1::CompareCpuRequest compare;
  compare.set_name("hypervisors/vmware");
  CHECK(ReasonOf(manager->CompareCpu(compare).status()) == v1::REASON_HYPERVISOR_NOT_FOUND);
  driver->processor.reset();
  CHECK(ReasonOf(Compare("<cpu><model>486</model></cpu>").status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK(ReasonOf(Baseline({"<cpu><model>486</model></cpu>"}).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  driver->SetAvailable(false);
  CHECK(ReasonOf(Compare("<cpu><model>486</model></cpu>").status()) == v1::REASON_HYPERVISOR_UNAVAILABLE);
}

}  // namespace
}  // namespace reeve::state
