#include "drivers/xen/guest_statistics.h"

#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "drivers/xen/backend_statistics.h"
#include "formats/number_set.h"
#include "proto/status.h"
#include "util/proto_time.h"

namespace reeve::xen {
namespace {

v1::DomainStatistics Measure(const DriverContext& context, const Guest& guest, const GuestFacts& facts,
                             drivers::StatisticsParts parts) {
  v1::DomainStatistics statistics;
  *statistics.mutable_time() = util::ToProto(absl::Now());
  statistics.set_cpu_time_ns(facts.cpu_time_ns);
  statistics.set_memory_bytes(facts.memory_kib * 1024);
  statistics.set_memory_limit_bytes(facts.maximum_memory_kib * 1024);
  if (parts.test(v1::STATISTICS_PART_CPU)) {
    if (absl::StatusOr<std::vector<VcpuFacts>> vcpus = context.toolstack().VcpusOf(guest.domid); vcpus.ok()) {
      for (const VcpuFacts& vcpu : *vcpus) statistics.mutable_cpu()->add_by_cpu_ns(vcpu.cpu_time_ns);
    }
  }
  if (parts.test(v1::STATISTICS_PART_BLOCK) || parts.test(v1::STATISTICS_PART_INTERFACE)) {
    AddBackendStatistics(context.sysfs(), guest.domid, guest.spec, &statistics);
    if (!parts.test(v1::STATISTICS_PART_BLOCK)) statistics.clear_blocks();
    if (!parts.test(v1::STATISTICS_PART_INTERFACE)) statistics.clear_interfaces();
  }
  return statistics;
}

}  // namespace

std::vector<absl::StatusOr<v1::DomainStatistics>> SampleGuests(const DriverContext& context,
                                                               const std::vector<drivers::DomainKey>& domains,
                                                               drivers::StatisticsParts parts) {
  std::vector<absl::StatusOr<v1::DomainStatistics>> samples;
  samples.reserve(domains.size());
  absl::Status unavailable = context.RefuseUnavailable();
  std::map<uint32_t, GuestFacts> all;
  if (unavailable.ok()) {
    absl::StatusOr<std::vector<GuestFacts>> list = context.toolstack().List();
    if (!list.ok()) unavailable = DriverError(list.status());
    for (GuestFacts& facts : list.ok() ? *list : std::vector<GuestFacts>()) all.emplace(facts.domid, std::move(facts));
  }
  for (const drivers::DomainKey& domain : domains) {
    if (!unavailable.ok()) {
      samples.push_back(unavailable);
      continue;
    }
    absl::StatusOr<Guest> guest = context.Find(domain);
    const auto facts = guest.ok() ? all.find(guest->domid) : all.end();
    if (facts == all.end()) {
      samples.push_back(guest.ok() ? Error(v1::REASON_DOMAIN_STATE, "the guest is gone") : guest.status());
      continue;
    }
    samples.push_back(Measure(context, *guest, facts->second, parts));
  }
  return samples;
}

absl::Status ReadGuestTuning(const DriverContext& context, const drivers::DomainKey& domain, v1::DomainTuning* tuning) {
  absl::StatusOr<Guest> guest = context.Find(domain);
  if (!guest.ok()) return guest.status();
  absl::StatusOr<Scheduling> scheduling = context.toolstack().SchedulingOf(guest->domid);
  if (!scheduling.ok()) return DriverError(scheduling.status());
  tuning->set_scheduler(scheduling->scheduler);
  if (scheduling->weight > 0) tuning->mutable_cpu()->set_shares(static_cast<uint64_t>(scheduling->weight));
  absl::StatusOr<GuestFacts> facts = context.toolstack().Look(guest->domid);
  if (!facts.ok()) return DriverError(facts.status());
  tuning->set_current_memory_kib(facts->memory_kib);
  return absl::OkStatus();
}

absl::StatusOr<v1::ListVcpusResponse> ListGuestVcpus(const DriverContext& context, const drivers::DomainKey& domain) {
  absl::StatusOr<Guest> guest = context.Find(domain);
  if (!guest.ok()) return guest.status();
  absl::StatusOr<std::vector<VcpuFacts>> facts = context.toolstack().VcpusOf(guest->domid);
  if (!facts.ok()) return DriverError(facts.status());
  v1::ListVcpusResponse response;
  for (const VcpuFacts& one : *facts) {
    v1::VcpuStatus& vcpu = *response.add_vcpus();
    vcpu.set_id(static_cast<uint32_t>(response.vcpus_size() - 1));
    vcpu.set_online(one.online);
    vcpu.set_running(one.running);
    if (one.online) vcpu.set_host_cpu(one.host_cpu);
    vcpu.set_cpu_time_ns(one.cpu_time_ns);
    if (!one.everywhere) vcpu.set_cpuset(formats::FormatNumberSet(one.cpus));
  }
  return response;
}

}  // namespace reeve::xen
