#include "drivers/cpu/cpuid.h"

#include <initializer_list>
#include <utility>

#include "drivers/cpu/cpu_models.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace reeve::cpu {

#if defined(__x86_64__) || defined(__i386__)

namespace {

struct Registers {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// Zeroes for a leaf that the processor has not.
Registers Ask(uint32_t leaf, uint32_t subleaf = 0) {
  Registers found;
  __get_cpuid_count(leaf, subleaf, &found.eax, &found.ebx, &found.ecx, &found.edx);
  return found;
}

std::string TextOf(std::initializer_list<uint32_t> words) {
  std::string text;
  for (const uint32_t word : words) {
    for (int shift = 0; shift < 32; shift += 8) text.push_back(static_cast<char>(word >> shift & 0xff));
  }
  return text;
}

// Family, model and stepping lie in parts: the extended ones count where the family's own part is full.
v1::CpuSignature SignatureOf(uint32_t eax) {
  v1::CpuSignature signature;
  uint32_t family = eax >> 8 & 0xf;
  uint32_t model = eax >> 4 & 0xf;
  if (family == 0x6 || family == 0xf) model |= eax >> 12 & 0xf0;
  if (family == 0xf) family += eax >> 20 & 0xff;
  signature.set_family(family);
  signature.set_model(model);
  signature.set_stepping(eax & 0xf);
  return signature;
}

}  // namespace

ProcessorFacts ReadCpuid() {
  ProcessorFacts facts;
  const Registers name = Ask(0);
  facts.vendor = std::string(VendorName(TextOf({name.ebx, name.edx, name.ecx})));
  const Registers first = Ask(1);
  facts.signature = SignatureOf(first.eax);
  const Registers seventh = Ask(7);
  const Registers extended = Ask(0x80000001);
  const Registers sgx = Ask(0x12);
  const auto add = [&](FeatureWord word, uint32_t value) { facts.features |= FeaturesIn(word, value); };
  add(FeatureWord::kLeaf1Edx, first.edx);
  add(FeatureWord::kLeaf1Ecx, first.ecx);
  add(FeatureWord::kLeaf6Eax, Ask(6).eax);
  add(FeatureWord::kLeaf7Ebx, seventh.ebx);
  add(FeatureWord::kLeaf7Ecx, seventh.ecx);
  add(FeatureWord::kLeaf7Edx, seventh.edx);
  if (seventh.eax >= 1) add(FeatureWord::kLeaf7Subleaf1Eax, Ask(7, 1).eax);
  add(FeatureWord::kLeafDSubleaf1Eax, Ask(0xd, 1).eax);
  if ((seventh.ebx >> 12 & 1) != 0) add(FeatureWord::kLeafFSubleaf1Edx, Ask(0xf, 1).edx);
  if ((seventh.ebx >> 2 & 1) != 0) {
    add(FeatureWord::kLeaf12Eax, sgx.eax);
    add(FeatureWord::kLeaf12Ebx, sgx.ebx);
    add(FeatureWord::kLeaf12Subleaf1Eax, Ask(0x12, 1).eax);
  }
  if ((seventh.ebx >> 25 & 1) != 0) add(FeatureWord::kLeaf14Ecx, Ask(0x14).ecx);
  add(FeatureWord::kLeaf80000001Edx, extended.edx);
  add(FeatureWord::kLeaf80000001Ecx, extended.ecx);
  add(FeatureWord::kLeaf80000007Edx, Ask(0x80000007).edx);
  add(FeatureWord::kLeaf80000008Ebx, Ask(0x80000008).ebx);
  if ((extended.ecx >> 2 & 1) != 0) add(FeatureWord::kLeaf8000000aEdx, Ask(0x8000000a).edx);
  return facts;
}

#else

ProcessorFacts ReadCpuid() {
  return {};
}

#endif

v1::HostCpu ToHostCpu(const ProcessorFacts& facts) {
  v1::HostCpu host;
  host.set_architecture("x86_64");
  host.set_vendor(facts.vendor);
  if (facts.signature.family() != 0) *host.mutable_signature() = facts.signature;
  for (std::string& name : NamesInPlace(facts.features)) host.add_features(std::move(name));
  return host;
}

}  // namespace reeve::cpu
