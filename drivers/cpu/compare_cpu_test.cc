#include "drivers/cpu/compare_cpu.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "drivers/cpu/choose_model.h"
#include "drivers/cpu/cpu_models.h"
#include "proto/status.h"

namespace reeve::cpu {
namespace {

// A host of this model with some features more.
v1::HostCpu Host(const char* model, absl::string_view more, const char* vendor = "Intel") {
  v1::HostCpu host;
  host.set_architecture("x86_64");
  host.set_vendor(vendor);
  for (const std::string& name : NamesOf(FindCpuModel(model)->features)) host.add_features(name);
  for (const absl::string_view name : absl::StrSplit(more, ' ', absl::SkipEmpty()))
    host.add_features(std::string(name));
  return host;
}

// "require:vme", or "vme" as in a host's description.
v1::Cpu Guest(const char* model, absl::string_view features = "", const char* match = "", const char* vendor = "") {
  v1::Cpu cpu;
  cpu.set_model(model);
  cpu.set_match(match);
  cpu.set_vendor(vendor);
  for (const absl::string_view word : absl::StrSplit(features, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, ':');
    v1::CpuFeature* const feature = cpu.add_features();
    feature->set_name(parts.back());
    if (parts.size() == 2) feature->set_policy(parts.front());
  }
  return cpu;
}

// "SUPERSET", or "INCOMPATIBLE: a b" with what is missing or forbidden.
std::string Compared(const v1::HostCpu& host, const v1::Cpu& cpu, absl::string_view architecture = "") {
  const auto found = CompareCpu(host, cpu, architecture);
  if (!found.ok()) return std::string(found.status().message());
  const bool incompatible = found->result() == v1::CPU_COMPARISON_RESULT_INCOMPATIBLE;
  CHECK(found->reason().empty() != incompatible);
  std::string text(absl::StripPrefix(v1::CpuComparisonResult_Name(found->result()), "CPU_COMPARISON_RESULT_"));
  if (incompatible) {
    absl::StrAppend(&text, ": ", absl::StrJoin(found->missing_features(), " "),
                    absl::StrJoin(found->forbidden_features(), " "));
  }
  return text;
}

constexpr char kMore[] = "vme ds acpi ss ht";

TEST_CASE("a host is compared as libvirt does") {
  // What libvirt 9.0 says of each.
  const v1::HostCpu host = Host("SandyBridge", kMore);
  CHECK(Compared(host, Guest("SandyBridge", kMore, "", "Intel"), "x86_64") == "IDENTICAL");
  CHECK(Compared(host, Guest("SandyBridge", "", "", "Intel"), "x86_64") == "SUPERSET");
  CHECK(Compared(host, Guest("qemu32"), "i686") == "SUPERSET");
  CHECK(Compared(host, Guest("Haswell")) ==
        "INCOMPATIBLE: avx2 bmi1 bmi2 erms fma fsgsbase hle invpcid movbe pcid rtm smep");
  CHECK(Compared(host, Guest("SandyBridge", "require:vme require:ds require:acpi require:ss require:ht")) ==
        "IDENTICAL");
  CHECK(Compared(host, Guest("SandyBridge", "", "minimum")) == "SUPERSET");
  CHECK(Compared(host, Guest("Opteron_G1")) == "SUPERSET");
  CHECK(Compared(Host("EPYC-Rome", ""), Guest("EPYC-IBPB")) == "SUPERSET");  // "monitor" was taken out of it
  CHECK(Compared(host, {}) == "SUPERSET");
  v1::Cpu passthrough;
  passthrough.set_mode("host-passthrough");
  CHECK(Compared(host, passthrough) == "SUPERSET");
}

TEST_CASE("policies say what becomes of a feature") {
  const v1::HostCpu host = Host("SandyBridge", kMore);
  CHECK(Compared(host, Guest("SandyBridge", "require:avx2")) == "INCOMPATIBLE: avx2");
  CHECK(Compared(host, Guest("SandyBridge", "avx2")) == "INCOMPATIBLE: avx2");
  CHECK(Compared(host, Guest("SandyBridge", "force:avx2")) == "SUPERSET");
  CHECK(Compared(host, Guest("SandyBridge", "optional:avx2")) == "SUPERSET");
  CHECK(Compared(host, Guest("SandyBridge", "forbid:avx2")) == "SUPERSET");
  CHECK(Compared(host, Guest("SandyBridge", "forbid:ds")) == "INCOMPATIBLE: ds");
  CHECK(Compared(host, Guest("SandyBridge", "forbid:avx")) == "INCOMPATIBLE: avx");
  CHECK(Compared(host, Guest("IvyBridge", "disable:f16c disable:rdrand optional:fsgsbase force:smep")) ==
        "INCOMPATIBLE: erms");
  CHECK(Compared(host, Guest("IvyBridge", "disable:f16c disable:rdrand optional:fsgsbase force:smep disable:erms")) ==
        "SUPERSET");
}

TEST_CASE("a strict match allows nothing beyond") {
  const v1::HostCpu host = Host("SandyBridge", kMore);
  CHECK(Compared(host, Guest("SandyBridge", "", "strict")) == "INCOMPATIBLE: ");
  const auto found = CompareCpu(host, Guest("SandyBridge", "require:ds", "strict"));
  CHECK(absl::StrJoin(found->further_features(), " ") == "acpi ht ss vme");
  CHECK(Compared(host, Guest("SandyBridge", "optional:vme optional:ds disable:acpi force:ss force:ht", "strict")) ==
        "IDENTICAL");
  CHECK(Compared(host, Guest("SandyBridge", "vme ds acpi ss ht forbid:avx2", "strict")) == "IDENTICAL");
}

TEST_CASE("vendor and architecture must be the host's") {
  const v1::HostCpu host = Host("SandyBridge", kMore);
  const auto vendor = CompareCpu(host, Guest("Haswell-noTSX", "", "", "AMD"));
  CHECK(vendor->result() == v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
  CHECK(vendor->reason() == "the vendor is AMD, the host's Intel");
  CHECK(vendor->missing_features_size() > 0);  // told all the same
  CHECK(Compared(Host("SandyBridge", "", ""), Guest("SandyBridge", "", "", "Intel")) == "INCOMPATIBLE: ");
  const auto architecture = CompareCpu(host, Guest("cortex-a57"), "aarch64");
  CHECK(architecture->reason() == "the architecture is aarch64, the host's x86_64");
  v1::HostCpu other;
  other.set_architecture("aarch64");
  CHECK(ReasonOf(CompareCpu(other, Guest("486")).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
}

TEST_CASE("what is not known is refused by name") {
  const v1::HostCpu host = Host("SandyBridge", kMore);
  CHECK(Compared(host, Guest("Foo\n")) == "model: no model 'Foo\\n' is known");
  CHECK(Compared(host, Guest("486", "vme require:foo")) == "features[1].name: no feature 'foo' is known");
  CHECK(Compared(host, Guest("486", "maybe:vme")) == "features[0].policy: 'maybe' is not known");
  CHECK(Compared(host, Guest("486", "vme forbid:vme")) == "features[1].name: feature 'vme' is there twice");
  CHECK(Compared(host, Guest("486", "", "loose")) == "match: 'loose' is not known");
  v1::Cpu many = Guest("486");
  for (int i = 0; i < 2000; ++i) many.add_features()->set_name(absl::StrCat("f", i));
  CHECK(Compared(host, many) == "features: there are more than 1024");
  many.mutable_features()->DeleteSubrange(1000, 1000);
  const auto found = CompareCpu(host, many);
  CHECK(ReasonOf(found.status()) == v1::REASON_SPEC_INVALID);
  CHECK(found.status().message().size() < 200);
}

TEST_CASE("a host is called by the model that has most of its features, and none that it lacks") {
  v1::HostCpu host = DescribeHost(Host("SandyBridge", kMore));
  CHECK(host.model() == "SandyBridge");
  CHECK(absl::StrJoin(host.features(), " ") == kMore);
  CHECK(Compared(Host("SandyBridge", kMore), Guest("SandyBridge", absl::StrJoin(host.features(), " "))) == "IDENTICAL");
  // Of the vendor, or of none.
  CHECK(DescribeHost(Host("SandyBridge", kMore, "AMD")).model() == "kvm64");
  // What the signature says counts for more than a number of features.
  host = Host("Skylake-Client", "");
  CHECK(DescribeHost(host).model() == "Skylake-Client");
  host.mutable_signature()->set_family(6);
  host.mutable_signature()->set_model(61);
  CHECK(DescribeHost(host).model() == "Broadwell");
  // Less than every model: all of it is told.
  v1::HostCpu poor;
  poor.set_architecture("x86_64");
  poor.add_features("fpu");
  poor.add_features("tsc");
  CHECK(DescribeHost(poor).model().empty());
  CHECK(DescribeHost(poor).features_size() == 2);
}

}  // namespace
}  // namespace reeve::cpu
