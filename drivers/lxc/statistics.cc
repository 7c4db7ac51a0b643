#include "drivers/lxc/statistics.h"

#include <unistd.h>

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/block_io.h"
#include "cgroups/cpu.h"
#include "cgroups/cpuacct.h"
#include "cgroups/memory_statistics.h"
#include "cgroups/pids.h"
#include "cgroups/pressure.h"
#include "drivers/lxc/guest_links.h"

namespace reeve::lxc {
namespace {

using cgroups::Controller;

bool Has(const cgroups::Location& group, Controller controller) {
  return group.hierarchies.Find(controller).hierarchy >= 0;
}

}  // namespace

Sweep::Sweep(const cgroups::Hierarchies& hierarchies, drivers::StatisticsParts parts)
    : group_{hierarchies, ""}, parts_(parts) {}

absl::StatusOr<v1::DomainStatistics> Sweep::Read(const std::string& path, const DevicePlan& devices, int64_t pid) {
  group_.path = path;
  const cgroups::Location& group = group_;
  v1::DomainStatistics statistics;
  const int64_t now = absl::GetCurrentTimeNanos();
  statistics.mutable_time()->set_seconds(now / 1000000000);
  statistics.mutable_time()->set_nanos(static_cast<int32_t>(now % 1000000000));
  absl::Status status;
  if (Wants(v1::STATISTICS_PART_CPU)) status.Update(ReadCpu(group, &statistics));
  if (Wants(v1::STATISTICS_PART_MEMORY) && status.ok()) status.Update(ReadMemory(group, &statistics));
  if (Wants(v1::STATISTICS_PART_TASKS) && status.ok()) status.Update(ReadTasks(group, &statistics));
  if (Wants(v1::STATISTICS_PART_BLOCK) && status.ok()) status.Update(ReadBlocks(group, devices, &statistics));
  if (Wants(v1::STATISTICS_PART_PRESSURE) && status.ok()) status.Update(ReadPressure(group, &statistics));
  if (!status.ok()) return status;
  if (Wants(v1::STATISTICS_PART_INTERFACE)) ReadInterfaces(devices, pid, &statistics);
  return statistics;
}

absl::Status Sweep::ReadCpu(const cgroups::Location& group, v1::DomainStatistics* statistics) const {
  if (Has(group, Controller::kCpuacct)) {
    cgroups::CpuTime time;
    if (group.hierarchies.Find(Controller::kCpuacct).version == 1) {
      absl::StatusOr<std::vector<cgroups::CpuTime>> times = cgroups::ReadCpuTimes(group);
      if (!times.ok()) return times.status();
      for (const cgroups::CpuTime& one : *times) {
        statistics->mutable_cpu()->add_by_cpu_ns(one.total_ns);
        time.total_ns += one.total_ns;
        time.user_ns += one.user_ns;
        time.system_ns += one.system_ns;
      }
    } else {
      absl::StatusOr<cgroups::CpuTime> whole = cgroups::ReadCpuTime(group);
      if (!whole.ok()) return whole.status();
      time = *whole;
    }
    statistics->set_cpu_time_ns(time.total_ns);
    statistics->mutable_cpu()->set_user_ns(time.user_ns);
    statistics->mutable_cpu()->set_system_ns(time.system_ns);
  }
  if (!Has(group, Controller::kCpu)) return absl::OkStatus();
  absl::StatusOr<cgroups::CpuThrottling> throttling = cgroups::ReadCpuThrottling(group);
  if (!throttling.ok()) return throttling.status();
  statistics->mutable_cpu()->set_periods(throttling->periods);
  statistics->mutable_cpu()->set_throttled_periods(throttling->throttled_periods);
  statistics->mutable_cpu()->set_throttled_ns(throttling->throttled_ns);
  return absl::OkStatus();
}

absl::Status Sweep::ReadMemory(const cgroups::Location& group, v1::DomainStatistics* statistics) const {
  if (!Has(group, Controller::kMemory)) return absl::OkStatus();
  absl::StatusOr<cgroups::MemoryStatistics> parts = cgroups::ReadMemoryStatistics(group);
  if (!parts.ok()) return parts.status();
  statistics->set_memory_bytes(parts->usage.bytes);
  statistics->set_memory_peak_bytes(parts->usage.peak_bytes);
  statistics->set_memory_limit_bytes(parts->usage.limit_bytes);
  statistics->set_out_of_memory_kills(parts->usage.out_of_memory_kills);
  v1::MemoryStatistics& memory = *statistics->mutable_memory();
  memory.set_anonymous_bytes(parts->anonymous);
  memory.set_file_bytes(parts->file);
  memory.set_mapped_file_bytes(parts->mapped_file);
  memory.set_kernel_bytes(parts->kernel);
  memory.set_swap_bytes(parts->swap);
  memory.set_inactive_anonymous_bytes(parts->inactive_anonymous);
  memory.set_active_anonymous_bytes(parts->active_anonymous);
  memory.set_inactive_file_bytes(parts->inactive_file);
  memory.set_active_file_bytes(parts->active_file);
  memory.set_unevictable_bytes(parts->unevictable);
  memory.set_page_faults(parts->page_faults);
  memory.set_major_page_faults(parts->major_page_faults);
  return absl::OkStatus();
}

absl::Status Sweep::ReadTasks(const cgroups::Location& group, v1::DomainStatistics* statistics) const {
  if (!Has(group, Controller::kPids)) return absl::OkStatus();
  absl::StatusOr<cgroups::TasksUsage> tasks = cgroups::ReadTasks(group);
  if (!tasks.ok()) return tasks.status();
  statistics->set_tasks(tasks->tasks);
  statistics->set_tasks_limit(tasks->limit);
  return absl::OkStatus();
}

const std::string& Sweep::BlockName(uint32_t major, uint32_t minor) {
  const auto [found, added] = block_names_.try_emplace({major, minor});
  if (!added) return found->second;
  // A link such as "../../devices/virtual/block/loop0".
  char target[4096];
  const std::string link = absl::StrCat("/sys/dev/block/", major, ":", minor);
  const ssize_t size = readlink(link.c_str(), target, sizeof target);
  if (size > 0) {
    const std::string path(target, static_cast<size_t>(size));
    found->second = path.substr(path.rfind('/') + 1);
  }
  return found->second;
}

absl::Status Sweep::ReadBlocks(const cgroups::Location& group, const DevicePlan& devices,
                               v1::DomainStatistics* statistics) {
  if (!Has(group, Controller::kBlkio)) return absl::OkStatus();
  absl::StatusOr<std::vector<cgroups::BlockUsage>> usage = cgroups::ReadBlockUsage(group);
  if (!usage.ok()) return usage.status();
  for (const cgroups::BlockUsage& one : *usage) {
    v1::BlockStatistics& block = *statistics->add_blocks();
    block.set_major(one.device.major);
    block.set_minor(one.device.minor);
    block.set_device(BlockName(one.device.major, one.device.minor));
    for (const NodePlan& node : devices.nodes) {
      if (node.block && node.major == one.device.major && node.minor == one.device.minor) block.set_target(node.name);
    }
    block.set_read_bytes(one.read_bytes);
    block.set_write_bytes(one.write_bytes);
    block.set_read_requests(one.read_operations);
    block.set_write_requests(one.write_operations);
  }
  return absl::OkStatus();
}

absl::Status Sweep::ReadPressure(const cgroups::Location& group, v1::DomainStatistics* statistics) const {
  if (group.hierarchies.unified() < 0) return absl::OkStatus();
  using Setter = void (v1::PressureStatistics::*)(uint64_t);
  struct Part {
    cgroups::Resource resource;
    Setter some;
    Setter full;
  };
  const Part parts[] = {
      {cgroups::Resource::kCpu, &v1::PressureStatistics::set_cpu_some_us, nullptr},
      {cgroups::Resource::kMemory, &v1::PressureStatistics::set_memory_some_us,
       &v1::PressureStatistics::set_memory_full_us},
      {cgroups::Resource::kIo, &v1::PressureStatistics::set_io_some_us, &v1::PressureStatistics::set_io_full_us},
  };
  for (const Part& part : parts) {
    absl::StatusOr<cgroups::Pressure> pressure = cgroups::ReadPressure(group, part.resource);
    // A kernel without it, or with psi=0.
    if (absl::IsNotFound(pressure.status()) || absl::IsFailedPrecondition(pressure.status())) continue;
    if (!pressure.ok()) return pressure.status();
    v1::PressureStatistics* result = statistics->mutable_pressure();
    (result->*part.some)(pressure->some.total_us);
    if (part.full != nullptr) (result->*part.full)(pressure->full.total_us);
  }
  return absl::OkStatus();
}

void Sweep::ReadInterfaces(const DevicePlan& devices, int64_t pid, v1::DomainStatistics* statistics) {
  std::optional<std::map<std::string, v1::InterfaceStatistics>> inside;
  for (const InterfacePlan& interface : devices.interfaces) {
    if (const v1::InterfaceStatistics* end = ends_.Find(interface); end != nullptr) {
      v1::InterfaceStatistics& result = *statistics->add_interfaces();
      result = *end;
      result.set_mac_address(MacText(interface.mac));
      continue;
    }
    if (interface.kind == InterfaceKind::kPair) continue;
    // One without an end on the host has its counters in the guest, under its name there unless the guest has changed it.
    if (!inside) inside = ReadGuestLinks(pid);
    const auto found = inside->find(interface.guest_name);
    if (found == inside->end()) continue;
    v1::InterfaceStatistics& result = *statistics->add_interfaces();
    result = found->second;
    if (interface.kind == InterfaceKind::kHost) result.set_name(interface.parent);
    result.set_mac_address(MacText(interface.mac));
  }
}

}  // namespace reeve::lxc
