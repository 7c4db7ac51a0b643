// The processor of the test driver's host, the same everywhere: a Haswell without TSX, with some features more.
#include "drivers/cpu/choose_model.h"
#include "drivers/cpu/cpu_models.h"
#include "drivers/test/test_driver.h"

namespace reeve::test_driver {

absl::StatusOr<v1::HostCpu> TestDriver::Processor() const {
  v1::HostCpu host;
  host.set_architecture("x86_64");
  host.set_vendor("Intel");
  host.mutable_signature()->set_family(6);
  host.mutable_signature()->set_model(60);
  host.mutable_signature()->set_stepping(3);
  cpu::FeatureSet features = cpu::FindCpuModel("Haswell-noTSX-IBRS")->features;
  for (const char* name : {"vme", "ss", "ht", "f16c", "rdrand", "vmx", "pdpe1gb", "abm", "invtsc"}) {
    features.set(cpu::FindFeature(name).value());
  }
  for (std::string& name : cpu::NamesInPlace(features)) host.add_features(std::move(name));
  return host;
}

}  // namespace reeve::test_driver
