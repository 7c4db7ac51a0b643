#include "drivers/cpu/cpu_models.h"

#include <catch2/catch.hpp>
#include <set>

#include "drivers/cpu/cpuid.h"

namespace reeve::cpu {
namespace {

bool Has(const FeatureSet& features, absl::string_view name) {
  const std::optional<size_t> place = FindFeature(name);
  REQUIRE(place);
  return features.test(*place);
}

std::string Difference(const char* more, const char* less) {
  std::string names;
  for (const std::string& name : NamesOf(FindCpuModel(more)->features & ~FindCpuModel(less)->features)) {
    names += name + " ";
  }
  return names;
}

TEST_CASE("features are the bits that the processors' manuals give them") {
  // Leaf, bit and name from the manuals, not from the table.
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf1Edx, 1U << 25)) == std::vector<std::string>{"sse"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf1Edx, 1U << 31)) == std::vector<std::string>{"pbe"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf1Ecx, 1U << 28)) == std::vector<std::string>{"avx"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf1Ecx, 1U << 5)) == std::vector<std::string>{"vmx"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf7Ebx, 1U << 5)) == std::vector<std::string>{"avx2"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf7Ebx, 1U << 31)) == std::vector<std::string>{"avx512vl"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf7Ecx, 1U << 22)) == std::vector<std::string>{"rdpid"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf7Edx, 1U << 26)) == std::vector<std::string>{"spec-ctrl"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf7Edx, 1U << 31)) == std::vector<std::string>{"ssbd"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf80000001Edx, 1U << 29)) == std::vector<std::string>{"lm"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf80000001Ecx, 1U << 2)) == std::vector<std::string>{"svm"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf80000007Edx, 1U << 8)) == std::vector<std::string>{"invtsc"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf80000008Ebx, 1U << 12)) == std::vector<std::string>{"ibpb"});
  CHECK(NamesOf(FeaturesIn(FeatureWord::kLeaf8000000aEdx, 1U << 28)) == std::vector<std::string>{"svme-addr-chk"});
  // Bits that have no name are left out, and no bit of one word gets into the next.
  CHECK(FeaturesIn(FeatureWord::kLeaf1Edx, 1U << 10).none());
  CHECK(FeaturesIn(FeatureWord::kLeaf1Edx, UINT32_MAX).count() == 30);
  CHECK_FALSE(FindFeature(""));
  CHECK_FALSE(FindFeature("-"));
  CHECK_FALSE(FindFeature("AVX"));
}

TEST_CASE("what Xen says of its words takes the place of what the processor says") {
  const std::array<uint32_t, kXenWords> words = {1U << 8, 1U << 5, 1U << 29, 1U << 2,
                                                 1U << 0, 1U << 5, 1U << 2,  1U << 8};
  CHECK(NamesOf(FeaturesOfXen(words)) ==
        std::vector<std::string>{"avx2", "cx8", "invtsc", "lm", "svm", "umip", "vmx", "xsaveopt"});
  FeatureSet processor = FeaturesIn(FeatureWord::kLeaf7Edx, 1U << 26) | FeaturesIn(FeatureWord::kLeaf1Edx, 1);
  const FeatureSet of_amd = CorrectedByXen("AMD", processor, words);
  processor = CorrectedByXen("Intel", processor, words);
  CHECK(Has(processor, "spec-ctrl"));  // of a word that Xen does not give
  CHECK_FALSE(Has(processor, "fpu"));
  CHECK(Has(processor, "cx8"));
  CHECK_FALSE(Has(processor, "sep"));
  CHECK(Has(of_amd, "sep"));
}

TEST_CASE("models have the features that libvirt and QEMU give them") {
  CHECK(CpuModels().size() == 58);
  CHECK(NamesOf(FindCpuModel("486")->features) == std::vector<std::string>{"fpu", "pse", "vme"});
  CHECK(NamesOf(FindCpuModel("Penryn")->features).size() == 29);
  CHECK(FindCpuModel("Haswell-IBRS")->features.count() == 51);
  CHECK(FindCpuModel("Icelake-Server")->features.count() == 85);
  CHECK(FindCpuModel("EPYC-Milan")->features.count() == 85);
  CHECK(Difference("Haswell", "Haswell-noTSX") == "hle rtm ");
  CHECK(Difference("Westmere", "Nehalem") == "aes ");
  CHECK(Difference("SandyBridge", "Westmere") == "avx pclmuldq rdtscp tsc-deadline x2apic xsave ");
  CHECK(Difference("EPYC-Rome", "EPYC-IBPB") ==
        "amd-stibp clwb clzero npt nrip-save perfctr_core rdpid umip wbnoinvd xsaveerptr ");
  CHECK(Difference("EPYC", "Dhyana") == "aes pclmuldq sha-ni ");
  CHECK(Difference("Cascadelake-Server", "Skylake-Server-IBRS") == "avx512vnni clflushopt ssbd ");
  CHECK(NamesOf(FindCpuModel("EPYC")->former) == std::vector<std::string>{"monitor"});
  CHECK(FindCpuModel("EPYC-Rome")->former.none());
  CHECK(FindCpuModel("Haswell")->vendor == "Intel");
  CHECK(FindCpuModel("Opteron_G3")->vendor == "AMD");
  CHECK(FindCpuModel("qemu64")->vendor.empty());
  CHECK(FindCpuModel("haswell") == nullptr);
  std::set<std::string> names;
  for (const CpuModel& model : CpuModels()) {
    CHECK(names.insert(model.name).second);
    CHECK(FindCpuModel(model.name) == &model);
    CHECK(Has(model.features, "fpu"));
    CHECK((model.vendor.empty() || IsVendorName(model.vendor)));
  }
}

TEST_CASE("processors are of a model by family, model and stepping") {
  v1::CpuSignature signature;
  signature.set_family(6);
  signature.set_model(85);
  signature.set_stepping(4);
  CHECK(IsOf(signature, *FindCpuModel("Skylake-Server-noTSX-IBRS")));
  CHECK_FALSE(IsOf(signature, *FindCpuModel("Cascadelake-Server")));
  signature.set_stepping(7);
  CHECK(IsOf(signature, *FindCpuModel("Cascadelake-Server")));
  signature.set_stepping(11);
  CHECK(IsOf(signature, *FindCpuModel("Cooperlake")));
  CHECK_FALSE(IsOf({}, *FindCpuModel("qemu64")));
}

TEST_CASE("vendors have two names") {
  CHECK(VendorName("GenuineIntel") == "Intel");
  CHECK(VendorName("AuthenticAMD") == "AMD");
  CHECK(VendorName("TCGTCGTCGTCG").empty());
  CHECK_FALSE(IsVendorName("GenuineIntel"));
}

#ifdef __x86_64__
TEST_CASE("the processor that runs this has what the compiler takes for granted") {
  const ProcessorFacts facts = ReadCpuid();
  for (const char* name : {"fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2", "lm", "syscall"}) {
    INFO(name);
    CHECK(Has(facts.features, name));
  }
  CHECK(facts.signature.family() > 0);
  CHECK(Has(facts.features, "avx2") == static_cast<bool>(__builtin_cpu_supports("avx2")));
  CHECK(static_cast<size_t>(ToHostCpu(facts).features_size()) == facts.features.count());
}
#endif

}  // namespace
}  // namespace reeve::cpu
