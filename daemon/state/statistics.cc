// What running domains use, of one or of all of them at once.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "proto/invalid_request.h"
#include "proto/status.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

// Messages end here: 4 MiB is the largest that gRPC clients take by default.
constexpr size_t kMaxMessageBytes = 3 << 20;

drivers::StatisticsParts PartsOf(const google::protobuf::RepeatedField<int>& wanted) {
  if (wanted.empty()) return drivers::AllStatistics();
  drivers::StatisticsParts parts;
  for (const int part : wanted) {
    if (v1::StatisticsPart_IsValid(part)) parts.set(static_cast<size_t>(part));
  }
  return parts;
}

}  // namespace

absl::Status CheckParts(const google::protobuf::RepeatedField<int>& parts) {
  for (const int part : parts) {
    if (!v1::StatisticsPart_IsValid(part) || part == v1::STATISTICS_PART_UNSPECIFIED) {
      return Invalid("statistics", absl::StrCat("has ", part, ", which is no part"));
    }
  }
  return absl::OkStatus();
}

Sampler Core::MakeSampler(const google::protobuf::RepeatedField<int>& wanted) const {
  return [this, parts = PartsOf(wanted)](const std::vector<const Entry*>& entries) {
    std::vector<std::optional<v1::DomainStatistics>> result(entries.size());
    for (const HypervisorSlot& slot : slots_) {
      std::vector<drivers::DomainKey> keys;
      std::vector<size_t> places;
      for (size_t i = 0; i < entries.size(); ++i) {
        if (entries[i]->key->hypervisor != slot.name) continue;
        keys.push_back(KeyOf(*entries[i]));
        places.push_back(i);
      }
      if (keys.empty()) continue;
      std::vector<absl::StatusOr<v1::DomainStatistics>> samples = slot.driver->SampleMany(keys, parts);
      for (size_t i = 0; i < samples.size() && i < places.size(); ++i) {
        if (samples[i].ok()) result[places[i]] = *std::move(samples[i]);  // else it may have ended a moment ago
      }
    }
    return result;
  };
}

absl::StatusOr<std::vector<v1::WatchStatisticsResponse>> ManagerImpl::SampleDomains(
    const Caller& caller, const v1::WatchStatisticsRequest& request) const {
  if (absl::Status status = CheckParts(request.statistics()); !status.ok()) return status;
  const SnapshotPointer snapshot = core_->registry_.snapshot();
  std::vector<const Entry*> entries;
  EntryPointer one;
  if (formats::SplitDomainResourceName(request.parent()).name.empty()) {
    absl::StatusOr<std::string> hypervisor =
        ParseHypervisorName(request.parent().empty() ? "hypervisors/-" : request.parent(), /*wildcard=*/true);
    if (!hypervisor.ok()) return hypervisor.status();
    const auto [begin, end] = snapshot->Range(*hypervisor);
    if (begin == end && *hypervisor != "-") {
      if (auto driver = core_->DriverOf(*hypervisor); !driver.ok()) return driver.status();
    }
    for (size_t i = begin; i < end; ++i) {
      const Entry& entry = *snapshot->entries()[i];
      if (IsActive(entry.state) && caller.access->Shows(ResourceName(*entry.key))) entries.push_back(&entry);
    }
  } else {
    absl::StatusOr<EntryPointer> found = core_->Find(caller, request.parent());
    if (!found.ok()) return found.status();
    one = *std::move(found);
    if (IsActive(one->state)) entries.push_back(one.get());
  }
  std::vector<std::optional<v1::DomainStatistics>> samples = core_->MakeSampler(request.statistics())(entries);
  std::vector<v1::WatchStatisticsResponse> messages(1);
  size_t bytes = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!samples[i]) continue;
    v1::DomainSample sample;
    sample.set_name(ResourceName(*entries[i]->key));
    sample.set_uid(entries[i]->key->uid);
    sample.set_state(entries[i]->state);
    *sample.mutable_statistics() = *std::move(samples[i]);
    const size_t size = sample.ByteSizeLong();
    if (bytes > 0 && bytes + size > kMaxMessageBytes) {
      messages.emplace_back();
      bytes = 0;
    }
    bytes += size;
    *messages.back().add_samples() = std::move(sample);
  }
  messages.back().set_complete(true);
  return messages;
}

}  // namespace reeve::state
