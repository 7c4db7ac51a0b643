// Number and pins of virtual CPUs.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "daemon/state/tuning_event.h"
#include "formats/number_set.h"
#include "proto/invalid_request.h"

namespace reeve::state {
namespace {

constexpr uint32_t kMostVcpus = 4096;

uint32_t Maximum(const v1::DomainSpec& spec) {
  return std::max<uint32_t>(spec.vcpus(), 1);
}

void SetCurrent(uint32_t current, v1::DomainSpec* spec) {
  if (current < Maximum(*spec)) {
    spec->mutable_cpu_placement()->set_current(current);
  } else if (spec->has_cpu_placement()) {
    spec->mutable_cpu_placement()->clear_current();
    if (spec->cpu_placement().ByteSizeLong() == 0) spec->clear_cpu_placement();
  }
}

absl::Status EditCount(uint32_t count, bool maximum, v1::DomainSpec* spec) {
  if (!spec->individual_vcpus().empty()) {
    return Invalid("vcpus", "cannot be set where the specification lists virtual CPUs one by one");
  }
  if (!maximum && count > Maximum(*spec)) {
    return Invalid("vcpus", absl::StrCat("is more than the maximum of ", Maximum(*spec)));
  }
  if (maximum) {
    const uint32_t current = spec->cpu_placement().has_current() ? spec->cpu_placement().current() : Maximum(*spec);
    spec->set_vcpus(count);
    count = std::min(current, count);
  }
  SetCurrent(count, spec);
  return absl::OkStatus();
}

absl::Status EditPin(uint32_t vcpu, const std::string& cpuset, v1::DomainSpec* spec) {
  if (vcpu >= Maximum(*spec)) return Invalid("vcpu", absl::StrCat("must be less than ", Maximum(*spec)));
  auto* pins = spec->mutable_cpu_tuning()->mutable_vcpu_pins();
  pins->erase(std::remove_if(pins->begin(), pins->end(), [&](const v1::CpuPin& pin) { return pin.id() == vcpu; }),
              pins->end());
  if (!cpuset.empty()) {
    v1::CpuPin& pin = *pins->Add();
    pin.set_id(vcpu);
    pin.set_cpuset(cpuset);
    std::sort(pins->begin(), pins->end(), [](const v1::CpuPin& a, const v1::CpuPin& b) { return a.id() < b.id(); });
  }
  if (spec->cpu_tuning().ByteSizeLong() == 0) spec->clear_cpu_tuning();
  return absl::OkStatus();
}

v1::ListVcpusResponse VcpusOfSpec(const v1::DomainSpec& spec) {
  v1::ListVcpusResponse response;
  const uint32_t current = spec.cpu_placement().has_current() ? spec.cpu_placement().current() : Maximum(spec);
  for (uint32_t id = 0; id < Maximum(spec); ++id) {
    v1::VcpuStatus& vcpu = *response.add_vcpus();
    vcpu.set_id(id);
    vcpu.set_online(id < current);
    vcpu.set_cpuset(spec.cpu_placement().cpuset());
  }
  for (const v1::Vcpu& one : spec.individual_vcpus()) {
    if (one.id() < Maximum(spec)) response.mutable_vcpus(static_cast<int>(one.id()))->set_online(one.enabled());
  }
  for (const v1::CpuPin& pin : spec.cpu_tuning().vcpu_pins()) {
    if (pin.id() < Maximum(spec)) response.mutable_vcpus(static_cast<int>(pin.id()))->set_cpuset(pin.cpuset());
  }
  return response;
}

}  // namespace

absl::StatusOr<v1::ListVcpusResponse> ManagerImpl::ListVcpus(const Caller& caller,
                                                             const v1::ListVcpusRequest& request) const {
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.name());
  if (!entry.ok()) return WithContext("virtual CPUs", entry.status());
  if (!IsActive((*entry)->state) || request.config()) return VcpusOfSpec(RecordOf(**entry).domain().spec());
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverOf((*entry)->key->hypervisor);
  absl::StatusOr<v1::ListVcpusResponse> response =
      driver.ok() ? (*driver)->ListVcpus(KeyOf(**entry)) : absl::StatusOr<v1::ListVcpusResponse>(driver.status());
  if (response.ok()) return response;
  return WithContext(absl::StrCat("virtual CPUs of ", ResourceName(*(*entry)->key)), DriverError(response.status()));
}

void ManagerImpl::SetVcpus(const Caller& caller, v1::SetVcpusRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set the virtual CPUs of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) -> absl::StatusOr<v1::Domain> {
        if (request.vcpus() < 1 || request.vcpus() > kMostVcpus) return Invalid("vcpus", "must be 1 to 4096");
        Core::Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        modification.edit = [count = request.vcpus(), maximum = request.maximum()](v1::DomainSpec* spec) {
          return EditCount(count, maximum, spec);
        };
        modification.apply = ApplyTuning;
        if (request.maximum()) {
          modification.apply = [](drivers::HypervisorDriver*, const drivers::DomainKey&, const v1::DomainSpec&,
                                  const v1::DomainSpec&) {
            return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                         "the maximum of virtual CPUs cannot be changed while it runs");
          };
        }
        modification.describe = [count = request.vcpus()](v1::Event* event) {
          SetTunable(event);
          AddParameter("vcpus.current", absl::StrCat(count), event);
        };
        return core->ModifyJob(context, target, modification);
      });
}

void ManagerImpl::SetVcpuPin(const Caller& caller, v1::SetVcpuPinRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "pin a virtual CPU of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) -> absl::StatusOr<v1::Domain> {
        if (!request.cpuset().empty() && !formats::ParseNumberSet(request.cpuset())) {
          return Invalid("cpuset", "is no set of CPUs");
        }
        Core::Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        modification.edit = [request](v1::DomainSpec* spec) {
          return EditPin(request.vcpu(), formats::NormalNumberSet(request.cpuset()), spec);
        };
        modification.apply = ApplyTuning;
        modification.describe = [request](v1::Event* event) {
          SetTunable(event);
          AddParameter(absl::StrCat("cputune.vcpupin", request.vcpu()), request.cpuset(), event);
        };
        return core->ModifyJob(context, target, modification);
      });
}

}  // namespace reeve::state
