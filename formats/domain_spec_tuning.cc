#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/domain_words.h"
#include "formats/number_set.h"
#include "formats/spec_checker.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

using Shared = v1::SharedNamespace;

// 2^63 bytes, what libvirt and the kernel count in.
constexpr uint64_t kMaxKibibytes = (uint64_t{1} << 53) - 1;
constexpr uint32_t kMaxVcpus = 4096;
// libvirt's VIR_CGROUP_CPU_* limits; those of the kernel's cpu controller lie beyond.
constexpr uint64_t kMaxShares = 262144;
constexpr uint64_t kMinPeriod = 1000;
constexpr uint64_t kMaxPeriod = 1000000;
constexpr uint64_t kMaxQuota = 17592186044415;

void CheckMemory(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec) {
  if (spec.memory_kib() != 0) check->Range({&path, "memory_kib"}, spec.memory_kib(), 1024, kMaxKibibytes);
  if (spec.has_current_memory_kib()) {
    if (spec.memory_kib() == 0) {
      check->Fail({&path, "current_memory_kib"}, "is set and memory_kib is not");
    } else if (spec.current_memory_kib() > spec.memory_kib()) {
      check->Fail({&path, "current_memory_kib"}, "is more than memory_kib");
    }
  }
  const FieldPath tuning{&path, "memory_tuning"};
  const v1::MemoryTuning& memory = spec.memory_tuning();
  if (memory.has_hard_limit_kib()) check->Range({&tuning, "hard_limit_kib"}, memory.hard_limit_kib(), 1, kMaxKibibytes);
  if (memory.has_soft_limit_kib()) check->Range({&tuning, "soft_limit_kib"}, memory.soft_limit_kib(), 0, kMaxKibibytes);
  if (!memory.has_swap_hard_limit_kib()) return;
  check->Range({&tuning, "swap_hard_limit_kib"}, memory.swap_hard_limit_kib(), 1, kMaxKibibytes);
  if (memory.has_hard_limit_kib() && memory.swap_hard_limit_kib() < memory.hard_limit_kib()) {
    check->Fail({&tuning, "swap_hard_limit_kib"}, "is less than hard_limit_kib, which it includes");
  }
}

void CheckCpu(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec) {
  check->Range({&path, "vcpus"}, spec.vcpus(), 0, kMaxVcpus);
  const FieldPath placement{&path, "cpu_placement"};
  check->Word({&placement, "mode"}, spec.cpu_placement().mode(), kPlacements);
  const std::string& cpuset = spec.cpu_placement().cpuset();
  if (!cpuset.empty() && !ParseNumberSet(cpuset)) {
    check->Fail({&placement, "cpuset"}, absl::StrCat("is '", Printable(cpuset), "', not a set of CPUs"));
  }
  if (!cpuset.empty() && spec.cpu_placement().mode() == "auto") {
    check->Fail({&placement, "cpuset"}, "is not for the placement auto");
  }
  if (spec.cpu_placement().has_current()) {
    check->Range({&placement, "current"}, spec.cpu_placement().current(), 1, spec.vcpus() == 0 ? 1 : spec.vcpus());
  }
  const FieldPath tuning{&path, "cpu_tuning"};
  const v1::CpuTuning& cpu = spec.cpu_tuning();
  if (cpu.has_shares()) check->Range({&tuning, "shares"}, cpu.shares(), 2, kMaxShares);
  if (cpu.has_period_us()) check->Range({&tuning, "period_us"}, cpu.period_us(), kMinPeriod, kMaxPeriod);
  if (cpu.quota_us() >= 0 && cpu.has_quota_us()) {
    check->Range({&tuning, "quota_us"}, cpu.quota_us(), kMinPeriod, kMaxQuota);
  }
}

void CheckNuma(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  if (!spec.has_numa_tuning()) return;
  const FieldPath path{&parent, "numa_tuning"};
  const v1::NumaTuning& numa = spec.numa_tuning();
  check->Word({&path, "mode"}, numa.mode(), kNumaModes);
  check->Word({&path, "placement"}, numa.placement(), kPlacements);
  const FieldPath nodeset{&path, "nodeset"};
  if (numa.placement() == "auto") {
    if (!numa.nodeset().empty()) check->Fail(nodeset, "is not for the placement auto");
  } else if (check->Required(nodeset, numa.nodeset()) && !ParseNumberSet(numa.nodeset())) {
    check->Fail(nodeset, absl::StrCat("is '", Printable(numa.nodeset()), "', not a set of memory nodes"));
  }
}

void CheckBlockIo(SpecChecker* check, const FieldPath& parent, const v1::BlockIoTuning& block) {
  const FieldPath path{&parent, "block_io_tuning"};
  if (block.has_weight()) check->Range({&path, "weight"}, block.weight(), 10, 1000);
  if (!check->Count({&path, "devices"}, block.devices_size(), 256)) return;
  for (int i = 0; i < block.devices_size(); ++i) {
    const FieldPath device{&path, "devices", i};
    check->Required({&device, "path"}, block.devices(i).path());
    check->Path({&device, "path"}, block.devices(i).path());
    if (block.devices(i).has_weight()) check->Range({&device, "weight"}, block.devices(i).weight(), 10, 1000);
    for (int j = 0; j < i; ++j) {
      if (block.devices(j).path() == block.devices(i).path()) {
        check->Fail({&device, "path"}, absl::StrCat("is the same as in entry ", j));
      }
    }
  }
}

void CheckShared(SpecChecker* check, const FieldPath& parent, absl::string_view field, const Shared& shared) {
  const FieldPath path{&parent, field};
  const FieldPath value{&path, "value"};
  uint32_t pid = 0;
  switch (shared.kind()) {
    case Shared::KIND_UNSPECIFIED:
      if (!shared.value().empty()) check->Fail({&path, "kind"}, "is missing");
      return;
    case Shared::KIND_NAME:
      if (const auto status = CheckDomainName(shared.value()); !status.ok()) {
        check->Fail(value, absl::StrCat("is wrong: ", status.message()));
      }
      return;
    case Shared::KIND_PID:
      if (!absl::SimpleAtoi(shared.value(), &pid) || pid == 0 || pid > std::numeric_limits<int32_t>::max() ||
          absl::StrCat(pid) != shared.value()) {
        check->Fail(value, absl::StrCat("is '", Printable(shared.value()), "', not the id of a process"));
      }
      return;
    case Shared::KIND_NETNS:
      if (field != "network") {
        check->Fail({&path, "kind"}, "is netns, which is only for the network");
      } else if (!CheckDomainName(shared.value()).ok()) {
        check->Fail(value, absl::StrCat("is '", Printable(shared.value()), "', not the name of a network namespace"));
      }
      return;
    default:
      check->Fail({&path, "kind"}, "is not known");
  }
}

void CheckNamespaces(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  const FieldPath path{&parent, "namespaces"};
  const v1::NamespaceSharing& sharing = spec.namespaces();
  CheckShared(check, path, "network", sharing.network());
  CheckShared(check, path, "ipc", sharing.ipc());
  CheckShared(check, path, "uts", sharing.uts());

  const FieldPath mode{&parent, "network_mode"};
  const bool host = spec.network_mode() == v1::NETWORK_MODE_HOST;
  const bool shared = sharing.network().kind() != Shared::KIND_UNSPECIFIED;
  if (!v1::NetworkMode_IsValid(spec.network_mode())) check->Fail(mode, "is not known");
  if (host && shared) check->Fail(mode, "is the host's, and another one's network is shared too");
  if (!host && !shared) return;
  bool has_interface = !spec.devices().interfaces().empty();
  for (const auto& device : spec.devices().host_devices()) has_interface |= device.has_network();
  if (has_interface) {
    check->Fail(host ? mode : FieldPath{&path, "network"},
                "shares a network, and there are interfaces to put into an own");
  }
}

}  // namespace

void CheckTuning(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec) {
  CheckMemory(check, path, spec);
  CheckCpu(check, path, spec);
  CheckNuma(check, path, spec);
  CheckBlockIo(check, path, spec.block_io_tuning());
  check->Path({&path, "resource_partition"}, spec.resource_partition());
  CheckNamespaces(check, path, spec);
}

}  // namespace reeve::formats
