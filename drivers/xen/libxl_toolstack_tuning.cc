// Memory, scheduling, virtual CPUs.
#include <cstdlib>

#include "drivers/xen/domain_config.h"
#include "drivers/xen/libxl_toolstack_class.h"

namespace reeve::xen {
namespace {

// Those of the host's CPUs that are set.
std::set<uint32_t> NumbersOf(const libxl_bitmap& map, int host_cpus) {
  std::set<uint32_t> numbers;
  for (int i = 0; i < host_cpus && i / 8 < static_cast<int>(map.size); ++i) {
    if ((map.map[i / 8] >> (i % 8) & 1) != 0) numbers.insert(static_cast<uint32_t>(i));
  }
  return numbers;
}

constexpr int kShrinkSeconds = 10;  // without progress, as xl waits

}  // namespace

absl::StatusOr<uint64_t> LibxlToolstack::MemoryNeeded(DomainConfig* config) const {
  const LibxlStep step = Step("libxl_domain_need_memory", -1);
  uint64_t kib = 0;
  absl::Status status = step.Result(library_->libxl_domain_need_memory(context_, config->get(), INVALID_DOMID, &kib));
  if (!status.ok()) return status;
  return kib;
}

absl::StatusOr<uint64_t> LibxlToolstack::FreeMemory() const {
  const LibxlStep step = Step("libxl_get_free_memory", -1);
  uint64_t kib = 0;
  absl::Status status = step.Result(library_->libxl_get_free_memory(context_, &kib));
  if (!status.ok()) return status;
  return kib;
}

absl::Status LibxlToolstack::ShrinkHost(uint64_t kib) {
  const LibxlStep step = Step("libxl_set_memory_target", 0);
  absl::Status status = step.Result(library_->libxl_set_memory_target(context_, 0, -static_cast<int64_t>(kib), 1, 0));
  if (!status.ok()) return status;
  // That Domain-0 gives less in this time shows in what is free.
  (void)library_->libxl_wait_for_memory_target(context_, 0, kShrinkSeconds);
  return absl::OkStatus();
}

absl::Status LibxlToolstack::SetMemoryTarget(uint32_t domid, uint64_t kib) {
  const LibxlStep step = Step("libxl_set_memory_target", domid);
  return step.Result(library_->libxl_set_memory_target(context_, domid, static_cast<int64_t>(kib), 0, 1));
}

absl::Status LibxlToolstack::SetMaximumMemory(uint32_t domid, uint64_t kib) {
  const LibxlStep step = Step("libxl_domain_setmaxmem", domid);
  return step.Result(library_->libxl_domain_setmaxmem(context_, domid, kib));
}

absl::StatusOr<Scheduling> LibxlToolstack::SchedulingOf(uint32_t domid) const {
  const LibxlStep step = Step("libxl_domain_sched_params_get", domid);
  libxl_domain_sched_params parameters;
  library_->libxl_domain_sched_params_init(&parameters);
  absl::Status status = step.Result(library_->libxl_domain_sched_params_get(context_, domid, &parameters));
  if (!status.ok()) return status;
  const auto kind = static_cast<libxl_scheduler>(library_->libxl_get_scheduler(context_));
  const char* const name = library_->libxl_scheduler_to_string(kind);
  return Scheduling{.scheduler = name != nullptr ? name : "", .weight = parameters.weight, .cap = parameters.cap};
}

absl::Status LibxlToolstack::SetScheduling(uint32_t domid, const Scheduling& scheduling) {
  const LibxlStep step = Step("libxl_domain_sched_params_set", domid);
  libxl_domain_sched_params parameters;
  library_->libxl_domain_sched_params_init(&parameters);
  parameters.sched = LIBXL_SCHEDULER_UNKNOWN;  // that of the domain's pool
  parameters.weight = scheduling.weight;
  parameters.cap = scheduling.cap;
  return step.Result(library_->libxl_domain_sched_params_set(context_, domid, &parameters));
}

absl::StatusOr<std::vector<VcpuFacts>> LibxlToolstack::VcpusOf(uint32_t domid) const {
  const LibxlStep step = Step("libxl_list_vcpu", domid);
  int count = 0;
  int host_cpus = 0;
  libxl_vcpuinfo* const list = library_->libxl_list_vcpu(context_, domid, &count, &host_cpus);
  if (list == nullptr) return step.Result(ERROR_FAIL);
  std::vector<VcpuFacts> vcpus;
  for (int i = 0; i < count; ++i) {
    VcpuFacts& vcpu = vcpus.emplace_back();
    vcpu.online = list[i].online;
    vcpu.cpu_time_ns = list[i].vcpu_time;
    vcpu.running = list[i].running;
    vcpu.host_cpu = list[i].cpu;
    vcpu.cpus = NumbersOf(list[i].cpumap, host_cpus);
    vcpu.everywhere = vcpu.cpus.size() == static_cast<size_t>(host_cpus);
  }
  library_->libxl_vcpuinfo_list_free(list, count);
  return vcpus;
}

absl::Status LibxlToolstack::SetOnlineVcpus(uint32_t domid, uint32_t count) {
  const LibxlStep step = Step("libxl_set_vcpuonline", domid);
  libxl_bitmap map = MakeBitmap(static_cast<int>(count));
  for (uint32_t i = 0; i < count; ++i) library_->libxl_bitmap_set(&map, static_cast<int>(i));
  const int code = library_->libxl_set_vcpuonline(context_, domid, &map, nullptr);
  free(map.map);
  return step.Result(code);
}

absl::Status LibxlToolstack::Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) {
  const LibxlStep step = Step("libxl_set_vcpuaffinity", domid);
  libxl_bitmap map = MakeBitmap(static_cast<int>(*cpus.rbegin()) + 1);
  for (uint32_t cpu : cpus) library_->libxl_bitmap_set(&map, static_cast<int>(cpu));
  const int code = library_->libxl_set_vcpuaffinity(context_, domid, vcpu, &map, nullptr);
  free(map.map);
  return step.Result(code);
}

}  // namespace reeve::xen
