#include "drivers/cpu/baseline_cpu.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/cpu/choose_model.h"
#include "drivers/cpu/cpu_wishes.h"
#include "drivers/cpu/shown_text.h"
#include "proto/status.h"

namespace reeve::cpu {
namespace {

absl::Status Invalid(absl::string_view message) {
  return Error(v1::REASON_SPEC_INVALID, message);
}

// What the processors that were looked at have in common.
struct Common {
  FeatureSet features = FeatureSet().set();
  std::vector<const CpuModel*> models;  // each once; null: one names none
  std::string vendor;                   // of those that name one
  bool all_name_vendor = true;
  std::string model_vendor;  // of the models that have one
  bool models_agree = true;
};

absl::Status Meet(const formats::DescribedCpu& described, Common* common) {
  const v1::Cpu& cpu = described.cpu;
  if (!described.architecture.empty() && !IsX86(described.architecture)) {
    return Invalid(absl::StrCat("processors of architecture ", Quoted(described.architecture), " have no models here"));
  }
  const absl::StatusOr<CpuWishes> wishes = ReadWishes(cpu);
  if (!wishes.ok()) return wishes.status();
  if (wishes->empty()) return Invalid("it has no model");
  if (cpu.vendor().empty()) {
    common->all_name_vendor = false;
  } else {
    if (!IsVendorName(cpu.vendor())) return Invalid(absl::StrCat("no vendor ", Quoted(cpu.vendor()), " is known"));
    if (!common->vendor.empty() && common->vendor != cpu.vendor()) {
      return Invalid(absl::StrCat("its vendor is ", cpu.vendor(), ", that of another one ", common->vendor));
    }
    if (wishes->model != nullptr && !wishes->model->vendor.empty() && wishes->model->vendor != cpu.vendor()) {
      return Invalid(absl::StrCat("its vendor is ", cpu.vendor(), ", that of its model ", wishes->model->name, " is ",
                                  wishes->model->vendor));
    }
    common->vendor = cpu.vendor();
  }
  if (wishes->model != nullptr && !wishes->model->vendor.empty()) {
    if (common->model_vendor.empty()) common->model_vendor = wishes->model->vendor;
    if (common->model_vendor != wishes->model->vendor) common->models_agree = false;
  }
  if (std::find(common->models.begin(), common->models.end(), wishes->model) == common->models.end()) {
    common->models.push_back(wishes->model);
  }
  common->features &= wishes->Whole();
  return absl::OkStatus();
}

void AddFeatures(const std::vector<std::string>& names, const char* policy, v1::Cpu* cpu) {
  for (const std::string& name : names) {
    v1::CpuFeature* const feature = cpu->add_features();
    feature->set_name(name);
    feature->set_policy(policy);
  }
}

}  // namespace

absl::StatusOr<v1::Cpu> BaselineCpu(const std::vector<formats::DescribedCpu>& cpus, const BaselineOptions& options) {
  if (cpus.empty()) return Invalid("there are no processors");
  Common common;
  for (size_t i = 0; i < cpus.size(); ++i) {
    const absl::Status status = Meet(cpus[i], &common);
    if (!status.ok()) return cpus.size() == 1 ? status : WithContext(absl::StrCat(i + 1), status);
  }
  if (common.features.none()) return Invalid("the processors have no feature in common");
  // Where no vendor is named, models of one still say whose they are.
  const std::string& vendor = common.vendor.empty() && common.models_agree ? common.model_vendor : common.vendor;
  const CpuModel& model = ChooseGuestModel(common.features, vendor, common.models);
  FeatureSet require = common.features & ~model.features;
  const FeatureSet disable = (model.features | model.former) & ~common.features;
  // As libvirt does, what the model itself has of them is left alone: it is a guest of that name all the same.
  if (options.migratable) require &= ~UnmovableFeatures();
  v1::Cpu cpu;
  cpu.set_mode("custom");
  cpu.set_match("exact");
  cpu.set_model(model.name);
  cpu.set_fallback(common.models == std::vector<const CpuModel*>{&model} ? "forbid" : "allow");
  if (common.all_name_vendor) cpu.set_vendor(common.vendor);
  if (options.expand_features) {
    AddFeatures(NamesOf(require | (model.features & ~disable)), "require", &cpu);
    AddFeatures(NamesOf(disable), "disable", &cpu);
  } else {
    AddFeatures(NamesInPlace(require), "require", &cpu);
    AddFeatures(NamesInPlace(disable), "disable", &cpu);
  }
  return cpu;
}

}  // namespace reeve::cpu
