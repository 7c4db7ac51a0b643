// Memory, block I/O and scheduling of domains that are there already.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "daemon/state/tuning_event.h"
#include "proto/invalid_request.h"

namespace reeve::state {
namespace {

// virDomainMemoryParameters: so much and more is no limit.
constexpr uint64_t kUnlimitedKib = 9007199254740991;
constexpr uint64_t kLeastMemoryKib = 1024;

absl::Status Unsupported(absl::string_view field) {
  absl::Status status = Error(v1::REASON_SPEC_UNSUPPORTED, absl::StrCat(field, " cannot be changed"));
  AddFieldViolation(&status, field, "cannot be changed");
  return status;
}

template <typename Set, typename Clear>
void SetLimit(bool given, uint64_t value, Set set, Clear clear) {
  if (!given) return;
  if (value >= kUnlimitedKib) {
    clear();
  } else {
    set(value);
  }
}

absl::Status EditMemory(const v1::MemoryTuning& wanted, v1::DomainSpec* spec) {
  v1::MemoryTuning& memory = *spec->mutable_memory_tuning();
  SetLimit(
      wanted.has_hard_limit_kib(), wanted.hard_limit_kib(), [&](uint64_t v) { memory.set_hard_limit_kib(v); },
      [&] { memory.clear_hard_limit_kib(); });
  SetLimit(
      wanted.has_soft_limit_kib(), wanted.soft_limit_kib(), [&](uint64_t v) { memory.set_soft_limit_kib(v); },
      [&] { memory.clear_soft_limit_kib(); });
  SetLimit(
      wanted.has_swap_hard_limit_kib(), wanted.swap_hard_limit_kib(),
      [&](uint64_t v) { memory.set_swap_hard_limit_kib(v); }, [&] { memory.clear_swap_hard_limit_kib(); });
  if (wanted.has_minimum_guarantee_kib()) memory.set_minimum_guarantee_kib(wanted.minimum_guarantee_kib());
  if (memory.ByteSizeLong() == 0) spec->clear_memory_tuning();
  return absl::OkStatus();
}

void DescribeMemory(const v1::MemoryTuning& memory, v1::Event* event) {
  SetTunable(event);
  if (memory.has_hard_limit_kib()) AddParameter("memtune.hard_limit", absl::StrCat(memory.hard_limit_kib()), event);
  if (memory.has_soft_limit_kib()) AddParameter("memtune.soft_limit", absl::StrCat(memory.soft_limit_kib()), event);
  if (memory.has_swap_hard_limit_kib())
    AddParameter("memtune.swap_hard_limit", absl::StrCat(memory.swap_hard_limit_kib()), event);
}

v1::BlockDeviceTuning* DeviceOf(const std::string& path, v1::BlockIoTuning* tuning) {
  for (v1::BlockDeviceTuning& device : *tuning->mutable_devices()) {
    if (device.path() == path) return &device;
  }
  v1::BlockDeviceTuning* device = tuning->add_devices();
  device->set_path(path);
  return device;
}

absl::Status EditBlockIo(const v1::BlockIoTuning& wanted, v1::DomainSpec* spec) {
  v1::BlockIoTuning& tuning = *spec->mutable_block_io_tuning();
  if (wanted.has_weight()) {
    tuning.set_weight(wanted.weight());
    if (wanted.weight() == 0) tuning.clear_weight();
  }
  const auto* descriptor = v1::BlockDeviceTuning::descriptor();
  for (const v1::BlockDeviceTuning& device : wanted.devices()) {
    if (device.path().empty()) return Invalid("block_io.devices", "has one without a path");
    v1::BlockDeviceTuning* present = DeviceOf(device.path(), &tuning);
    present->MergeFrom(device);
    const auto* reflection = present->GetReflection();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      const bool zero = (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT32 &&
                         reflection->GetUInt32(*present, field) == 0) ||
                        (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT64 &&
                         reflection->GetUInt64(*present, field) == 0);
      if (zero) reflection->ClearField(present, field);
    }
  }
  auto* devices = tuning.mutable_devices();
  devices->erase(std::remove_if(devices->begin(), devices->end(),
                                [](const v1::BlockDeviceTuning& device) {
                                  v1::BlockDeviceTuning bare;
                                  bare.set_path(device.path());
                                  return device.ByteSizeLong() == bare.ByteSizeLong();
                                }),
                 devices->end());
  if (tuning.ByteSizeLong() == 0) spec->clear_block_io_tuning();
  return absl::OkStatus();
}

void DescribeBlockIo(const v1::BlockIoTuning& wanted, v1::Event* event) {
  SetTunable(event);
  if (wanted.has_weight()) AddParameter("blkiotune.weight", absl::StrCat(wanted.weight()), event);
  for (const v1::BlockDeviceTuning& device : wanted.devices()) AddParameter("blkiotune.device", device.path(), event);
}

absl::Status CheckScheduling(const v1::CpuTuning& wanted) {
  v1::CpuTuning rest = wanted;
  rest.clear_shares();
  rest.clear_period_us();
  rest.clear_quota_us();
  return rest.ByteSizeLong() == 0 ? absl::OkStatus() : Unsupported("cpu: what is not shares, period_us or quota_us");
}

void DescribeScheduling(const v1::CpuTuning& cpu, v1::Event* event) {
  SetTunable(event);
  if (cpu.has_shares()) AddParameter("cputune.cpu_shares", absl::StrCat(cpu.shares()), event);
  if (cpu.has_period_us()) AddParameter("cputune.vcpu_period", absl::StrCat(cpu.period_us()), event);
  if (cpu.has_quota_us()) AddParameter("cputune.vcpu_quota", absl::StrCat(cpu.quota_us()), event);
}

// What of a request for a placement is wanted.
struct Placement {
  std::optional<std::string> cpuset;
  std::optional<std::string> nodeset;
};

absl::Status EditPlacement(const Placement& wanted, v1::DomainSpec* spec) {
  if (wanted.cpuset) {
    spec->mutable_cpu_placement()->set_cpuset(*wanted.cpuset);
    if (spec->cpu_placement().ByteSizeLong() == 0) spec->clear_cpu_placement();
  }
  if (wanted.nodeset && wanted.nodeset->empty()) {
    spec->clear_numa_tuning();
  } else if (wanted.nodeset) {
    spec->mutable_numa_tuning()->set_nodeset(*wanted.nodeset);
    spec->mutable_numa_tuning()->clear_placement();
  }
  return absl::OkStatus();
}

void DescribePlacement(const Placement& wanted, v1::Event* event) {
  SetTunable(event);
  if (wanted.cpuset) AddParameter("placement.cpuset", *wanted.cpuset, event);
  if (wanted.nodeset) AddParameter("placement.nodeset", *wanted.nodeset, event);
}

}  // namespace

absl::StatusOr<v1::DomainTuning> ManagerImpl::GetTuning(const Caller& caller,
                                                        const v1::GetTuningRequest& request) const {
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.name());
  if (!entry.ok()) return WithContext("tuning", entry.status());
  const store::v1::DomainRecord record = RecordOf(**entry);
  const bool live = IsActive((*entry)->state) && !request.config();
  const v1::DomainSpec& spec = live && record.has_running_spec() ? record.running_spec() : record.domain().spec();
  v1::DomainTuning tuning;
  tuning.set_memory_kib(spec.memory_kib());
  tuning.set_current_memory_kib(spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib());
  *tuning.mutable_memory() = spec.memory_tuning();
  *tuning.mutable_cpu() = spec.cpu_tuning();
  *tuning.mutable_block_io() = spec.block_io_tuning();
  tuning.set_cpuset(spec.cpu_placement().cpuset());
  tuning.set_nodeset(spec.numa_tuning().nodeset());
  if (!live) return tuning;
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->DriverOf((*entry)->key->hypervisor);
  absl::Status status = driver.ok() ? (*driver)->ReadTuning(KeyOf(**entry), &tuning) : driver.status();
  if (!status.ok()) return WithContext(absl::StrCat("tuning of ", ResourceName(*(*entry)->key)), DriverError(status));
  return tuning;
}

void ManagerImpl::SetMemory(const Caller& caller, v1::SetMemoryRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set the memory of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) -> absl::StatusOr<v1::Domain> {
        const uint64_t memory = request.memory_kib();
        if (memory < kLeastMemoryKib || memory >= kUnlimitedKib) {
          return Invalid("memory_kib", "must be at least 1024 and less than 9007199254740991");
        }
        Core::Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        modification.edit = [memory, maximum = request.maximum()](v1::DomainSpec* spec) -> absl::Status {
          if (maximum) {
            spec->set_memory_kib(memory);
            if (spec->has_current_memory_kib() && spec->current_memory_kib() > memory) {
              spec->set_current_memory_kib(memory);
            }
            return absl::OkStatus();
          }
          if (spec->memory_kib() != 0 && memory > spec->memory_kib()) {
            return Invalid("memory_kib", absl::StrCat("is more than the maximum of ", spec->memory_kib(), " KiB"));
          }
          spec->set_current_memory_kib(memory);
          return absl::OkStatus();
        };
        if (request.maximum()) {
          modification.apply = [](drivers::HypervisorDriver*, const drivers::DomainKey&, const v1::DomainSpec&,
                                  const v1::DomainSpec&) {
            return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "the maximum of memory cannot be changed while it runs");
          };
        } else {
          modification.apply = ApplyTuning;
        }
        modification.describe = [memory](v1::Event* event) {
          SetTunable(event);
          AddParameter("memory.current", absl::StrCat(memory), event);
        };
        return core->ModifyJob(context, target, modification);
      });
}

// A change of limits: `edit` is given what the request wants.
template <typename Request, typename Wanted>
void Core::ChangeLimits(const Caller& caller, Request request, absl::string_view verb, const Wanted& wanted,
                        absl::Status (*edit)(const Wanted&, v1::DomainSpec*),
                        void (*describe)(const Wanted&, v1::Event*), Done<v1::Domain> done) {
  Do<v1::Domain>(
      caller, request, verb, [&] { return TargetOf(caller, request.name()); }, true, std::move(done),
      [this, request, wanted, edit, describe](ChangeContext& context,
                                              const Target& target) -> absl::StatusOr<v1::Domain> {
        if (wanted.ByteSizeLong() == 0) return Invalid("parameters", "are missing");
        Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        modification.edit = [wanted, edit](v1::DomainSpec* spec) { return edit(wanted, spec); };
        modification.apply = ApplyTuning;
        modification.describe = [wanted, describe](v1::Event* event) { describe(wanted, event); };
        return ModifyJob(context, target, modification);
      });
}

void ManagerImpl::SetMemoryParameters(const Caller& caller, v1::SetMemoryParametersRequest request,
                                      Done<v1::Domain> done) {
  const v1::MemoryTuning wanted = request.memory();
  core_->ChangeLimits(caller, std::move(request), "set the memory limits of", wanted, EditMemory, DescribeMemory,
                      std::move(done));
}

void ManagerImpl::SetBlockIoParameters(const Caller& caller, v1::SetBlockIoParametersRequest request,
                                       Done<v1::Domain> done) {
  const v1::BlockIoTuning wanted = request.block_io();
  core_->ChangeLimits(caller, std::move(request), "set the block I/O limits of", wanted, EditBlockIo, DescribeBlockIo,
                      std::move(done));
}

void ManagerImpl::SetSchedulerParameters(const Caller& caller, v1::SetSchedulerParametersRequest request,
                                         Done<v1::Domain> done) {
  const v1::CpuTuning wanted = request.cpu();
  core_->ChangeLimits<v1::SetSchedulerParametersRequest, v1::CpuTuning>(
      caller, std::move(request), "set the scheduling of", wanted,
      [](const v1::CpuTuning& cpu, v1::DomainSpec* spec) {
        absl::Status status = CheckScheduling(cpu);
        if (status.ok()) spec->mutable_cpu_tuning()->MergeFrom(cpu);
        return status;
      },
      DescribeScheduling, std::move(done));
}

void ManagerImpl::SetPlacement(const Caller& caller, v1::SetPlacementRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set the placement of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) -> absl::StatusOr<v1::Domain> {
        Placement wanted;
        if (request.has_cpuset()) wanted.cpuset = request.cpuset();
        if (request.has_nodeset()) wanted.nodeset = request.nodeset();
        if (!wanted.cpuset && !wanted.nodeset) return Invalid("cpuset", "and nodeset are both missing");
        Core::Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        modification.edit = [wanted](v1::DomainSpec* spec) { return EditPlacement(wanted, spec); };
        modification.apply = ApplyTuning;
        modification.describe = [wanted](v1::Event* event) { DescribePlacement(wanted, event); };
        return core->ModifyJob(context, target, modification);
      });
}

}  // namespace reeve::state
