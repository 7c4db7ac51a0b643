#include "drivers/cpu/baseline_cpu.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status.h"

namespace reeve::cpu {
namespace {

using formats::DescribedCpu;

// "disable:vme", or "vme".
DescribedCpu Cpu(const char* model, absl::string_view features = "", const char* vendor = "",
                 const char* architecture = "x86_64") {
  DescribedCpu described{.architecture = architecture};
  described.cpu.set_model(model);
  described.cpu.set_vendor(vendor);
  for (const absl::string_view word : absl::StrSplit(features, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, ':');
    v1::CpuFeature* const feature = described.cpu.add_features();
    feature->set_name(parts.back());
    if (parts.size() == 2) feature->set_policy(parts.front());
  }
  return described;
}

// "Penryn Intel +ds -sse4.1", behind it "!" where no other model will do.
std::string Baseline(const std::vector<DescribedCpu>& cpus, const BaselineOptions& options = {}) {
  const auto found = BaselineCpu(cpus, options);
  if (!found.ok()) {
    CHECK(ReasonOf(found.status()) == v1::REASON_SPEC_INVALID);
    return std::string(found.status().message());
  }
  CHECK(found->mode() == "custom");
  CHECK(found->match() == "exact");
  std::string text = absl::StrCat(found->model(), found->vendor().empty() ? "" : " ", found->vendor());
  for (const v1::CpuFeature& feature : found->features()) {
    CHECK((feature.policy() == "require" || feature.policy() == "disable"));
    absl::StrAppend(&text, feature.policy() == "require" ? " +" : " -", feature.name());
  }
  return text + (found->fallback() == "forbid" ? "!" : "");
}

// In whatever order.
bool SameWords(const std::string& one, const std::string& other) {
  const std::set<std::string> words = absl::StrSplit(one, ' ');
  const std::set<std::string> others = absl::StrSplit(other, ' ');
  UNSCOPED_INFO(one);
  return words == others;
}

TEST_CASE("what processors have in common is what libvirt finds") {
  // What libvirt 9.0 makes of each.
  CHECK(Baseline({Cpu("Haswell", "ds", "Intel"), Cpu("SandyBridge")}) == "SandyBridge");
  CHECK(Baseline({Cpu("Haswell", "ds", "Intel"), Cpu("SandyBridge", "", "Intel")}) == "SandyBridge Intel");
  CHECK(Baseline({Cpu("Haswell", "ds")}) == "Haswell +ds!");
  CHECK(Baseline({Cpu("Penryn"), Cpu("Penryn", "ds")}) == "Penryn!");
  CHECK(Baseline({Cpu("Penryn", "ds ss"), Cpu("Penryn", "ss ds vmx")}) == "Penryn +ds +ss!");
  CHECK(Baseline({Cpu("kvm64", "vmx"), Cpu("qemu64")}) == "kvm64");
  CHECK(Baseline({Cpu("486"), Cpu("EPYC-Milan")}) == "486");
  CHECK(Baseline({Cpu("EPYC"), Cpu("EPYC-Milan"), Cpu("EPYC-Rome")}) == "EPYC -monitor");
  CHECK(Baseline({Cpu("EPYC", "monitor"), Cpu("EPYC-IBPB", "monitor")}) == "EPYC +monitor");
  CHECK(Baseline({Cpu("Haswell", "", "Intel"), Cpu("qemu64"), Cpu("Haswell", "", "Intel")}) == "kvm64");
  CHECK(Baseline({Cpu("qemu32", "", "", "i686"), Cpu("qemu64")}) == "qemu32");
}

TEST_CASE("to disable costs more than to require, and more for each") {
  CHECK(Baseline({Cpu("Skylake-Server-IBRS", "", "Intel"), Cpu("IvyBridge", "", "Intel")}) == "IvyBridge Intel");
  CHECK(SameWords(Baseline({Cpu("EPYC-Milan"), Cpu("Opteron_G5")}), "Opteron_G4 +fma +f16c -xop -fma4"));
  CHECK(SameWords(Baseline({Cpu("Icelake-Server"), Cpu("Snowridge")}),
                  "IvyBridge-IBRS +movbe +arat +rdseed +smap +clflushopt +clwb +umip +gfni +ssbd +xsaveopt +xsavec "
                  "+xgetbv1 +pdpe1gb +3dnowprefetch -avx -f16c"));
  CHECK(SameWords(Baseline({Cpu("Skylake-Client-noTSX-IBRS")}), "Skylake-Client-IBRS -hle -rtm"));
  CHECK(
      SameWords(Baseline({Cpu("Cooperlake"), Cpu("Icelake-Server-noTSX")}), "Cascadelake-Server +pku -hle -rtm -mpx"));
}

TEST_CASE("guests' policies count") {
  CHECK(Baseline({Cpu("Penryn", "disable:sse4.1", "", "")}) == "Penryn -sse4.1!");
  CHECK(Baseline({Cpu("Penryn", "optional:avx forbid:ssse3"), Cpu("Haswell")}) == "kvm64 +sse4.1 +lahf_lm");
  CHECK(Baseline({Cpu("Penryn", "force:avx"), Cpu("Haswell")}) == "Penryn +avx");
  // Features without a model.
  CHECK(Baseline({Cpu("", "fpu vme pse tsc")}) == "486 +tsc");
  CHECK(Baseline({Cpu("Penryn"), Cpu("", "fpu vme pse tsc lm")}).find('!') == std::string::npos);
}

TEST_CASE("features of the model are named when that is asked for") {
  const std::string all = Baseline({Cpu("486", "tsc disable:vme")}, {.expand_features = true});
  CHECK(all == "486 +fpu +pse +tsc -vme!");
}

TEST_CASE("what keeps a guest on its host is left out when that is asked for") {
  CHECK(Baseline({Cpu("Haswell", "ds invtsc xsaves")}) == "Haswell +ds +xsaves +invtsc!");
  CHECK(Baseline({Cpu("Haswell", "ds invtsc xsaves")}, {.migratable = true}) == "Haswell +ds!");
  CHECK(Baseline({Cpu("EPYC-Milan")}, {.migratable = true}) == "EPYC-Milan!");
}

TEST_CASE("processors that cannot be brought together are refused by their place") {
  CHECK(Baseline({}) == "there are no processors");
  CHECK(Baseline({Cpu("")}) == "it has no model");
  CHECK(Baseline({Cpu("486"), Cpu("")}) == "2: it has no model");
  CHECK(Baseline({Cpu("Foo")}) == "model: no model 'Foo' is known");
  CHECK(Baseline({Cpu("486"), Cpu("486"), Cpu("486", "foo")}) == "3: features[0].name: no feature 'foo' is known");
  CHECK(Baseline({Cpu("486", "", "Foo")}) == "no vendor 'Foo' is known");
  CHECK(Baseline({Cpu("qemu64", "", "AMD"), Cpu("qemu64", "", "Intel")}) ==
        "2: its vendor is Intel, that of another one AMD");
  CHECK(Baseline({Cpu("Haswell", "", "AMD")}) == "its vendor is AMD, that of its model Haswell is Intel");
  CHECK(Baseline({Cpu("cortex-a57", "", "", "aarch64")}) == "processors of architecture 'aarch64' have no models here");
  CHECK(Baseline({Cpu("486"), Cpu("", "tsc")}) == "the processors have no feature in common");
}

}  // namespace
}  // namespace reeve::cpu
