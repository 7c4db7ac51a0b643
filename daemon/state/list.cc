#include "daemon/state/list.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "daemon/state/entry_filter.h"
#include "daemon/state/labels.h"
#include "daemon/state/names.h"
#include "daemon/state/wire.h"
#include "proto/invalid_request.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr int kMaxPageSize = 10000;
constexpr size_t kMaxPageBytes = 3584 << 10;
// A tag and a length before every domain, the token and the revision.
constexpr size_t kFramingBytes = 8;

absl::Status UnknownView(v1::DomainView view) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("there is no view ", static_cast<int>(view)));
  AddFieldViolation(&status, "view", "unknown");
  return status;
}

std::string WithStatistics(const Entry& entry, const std::optional<v1::DomainStatistics>& statistics) {
  std::string bytes = entry.basic;
  if (statistics) AppendBytesField(&bytes, v1::Domain::kStatisticsFieldNumber, statistics->SerializeAsString());
  return bytes;
}

// Samples the running domains of a page some hundreds at a time, for a page may end before all that were asked for.
class PageSamples {
 public:
  // `included` says which entries Bytes will be asked for.
  PageSamples(const Sampler* sampler, const std::vector<EntryPointer>* entries, size_t end,
              std::function<bool(const Entry&)> included)
      : sampler_(*sampler), entries_(*entries), end_(end), included_(std::move(included)) {}

  // The bytes of the domain at `index`; indexes grow from call to call.
  std::string Bytes(size_t index, size_t left) {
    if (!IsActive(entries_[index]->state)) return entries_[index]->basic;
    if (next_ == batch_.size()) Fill(index, std::min(left, kBatch));
    const size_t place = next_++;
    return WithStatistics(*batch_[place], samples_[place]);
  }

 private:
  static constexpr size_t kBatch = 2048;

  void Fill(size_t index, size_t most) {
    batch_.clear();
    for (; index < end_ && batch_.size() < most; ++index) {
      const Entry& entry = *entries_[index];
      if (IsActive(entry.state) && included_(entry)) batch_.push_back(&entry);
    }
    samples_ = sampler_(batch_);
    next_ = 0;
  }

  const Sampler& sampler_;
  const std::vector<EntryPointer>& entries_;
  const size_t end_;
  const std::function<bool(const Entry&)> included_;
  std::vector<const Entry*> batch_;
  std::vector<std::optional<v1::DomainStatistics>> samples_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::string> SerializeView(const Entry& entry, v1::DomainView view, v1::DomainView unspecified,
                                          const Sampler& sampler) {
  switch (view == v1::DOMAIN_VIEW_UNSPECIFIED ? unspecified : view) {
    case v1::DOMAIN_VIEW_BASIC:
      return entry.basic;
    case v1::DOMAIN_VIEW_FULL:
      return entry.full;
    case v1::DOMAIN_VIEW_STATS: {
      if (!IsActive(entry.state)) return entry.basic;
      return WithStatistics(entry, sampler({&entry}).front());
    }
    default:
      return UnknownView(view);
  }
}

absl::StatusOr<std::string> ListPage(const Caller& caller, const v1::ListDomainsRequest& request,
                                     const SnapshotPointer& present, PageTable& pages, absl::Time now,
                                     const Sampler& sampler) {
  absl::StatusOr<std::string> hypervisor = ParseHypervisorName(request.parent(), /*wildcard=*/true);
  if (!hypervisor.ok()) return hypervisor.status();
  if (request.page_size() < 0) {
    absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("page_size is ", request.page_size()));
    AddFieldViolation(&status, "page_size", "must not be negative");
    return status;
  }
  v1::DomainView view = request.view();
  if (view == v1::DOMAIN_VIEW_UNSPECIFIED) view = v1::DOMAIN_VIEW_BASIC;
  if (!v1::DomainView_IsValid(view)) return UnknownView(view);
  absl::StatusOr<EntryFilter> shown = EntryFilter::Make(caller.access, view != v1::DOMAIN_VIEW_BASIC);
  if (!shown.ok()) return shown.status();
  std::array<bool, v1::DomainState_ARRAYSIZE> wanted{};
  wanted.fill(request.states().empty());
  std::string query = absl::StrCat(*hypervisor, "\n", view);
  for (const int state : request.states()) {
    if (!v1::DomainState_IsValid(state)) {
      return Error(v1::REASON_REQUEST_INVALID, absl::StrCat("there is no domain state ", state));
    }
    wanted[state] = true;
  }
  for (const bool state : wanted) query.push_back(state ? '1' : '0');
  for (const int part : request.statistics()) absl::StrAppend(&query, ",", part);
  if (request.labels_size() > kMaxLabels) {
    return Invalid("labels", absl::StrCat("are ", request.labels_size(), ", at most ", kMaxLabels, " are allowed"));
  }
  for (const std::string& label : request.labels()) absl::StrAppend(&query, "\n", label);

  PageTable::Place place{present, present->Range(*hypervisor).first, ""};
  if (!request.page_token().empty()) {
    absl::StatusOr<PageTable::Place> found = pages.Find(request.page_token(), caller.identity, query, now);
    if (!found.ok()) return found.status();
    place = *std::move(found);
  }
  const std::vector<EntryPointer>& entries = place.snapshot->entries();
  const auto [begin, end] = place.snapshot->Range(*hypervisor);
  size_t next = std::max(place.offset, begin);
  int left = request.page_size() == 0 ? kMaxPageSize : std::min(request.page_size(), kMaxPageSize);

  std::string response;
  const auto bytes_of = [view](const Entry& entry) -> const std::string& {
    return view == v1::DOMAIN_VIEW_FULL ? entry.full : entry.basic;
  };
  size_t estimate = 64;
  for (size_t i = next; i < end && i - next < static_cast<size_t>(left) && estimate < kMaxPageBytes; ++i) {
    estimate += bytes_of(*entries[i]).size() + kFramingBytes;
  }
  response.reserve(estimate);
  const auto included = [&](const Entry& entry) {
    return wanted[entry.state] && HasLabels(entry.labels.get(), request.labels()) &&
           shown->Shows(entry.key->hypervisor, entry.key->name, entry.labels.get());
  };
  PageSamples samples(&sampler, &entries, end, included);
  for (; next < end; ++next) {
    const Entry& entry = *entries[next];
    if (!included(entry)) continue;
    if (left == 0) break;
    const std::string sampled =
        view == v1::DOMAIN_VIEW_STATS ? samples.Bytes(next, static_cast<size_t>(left)) : std::string();
    const std::string& bytes = view == v1::DOMAIN_VIEW_STATS ? sampled : bytes_of(entry);
    if (!response.empty() && response.size() + bytes.size() > kMaxPageBytes) break;
    AppendBytesField(&response, v1::ListDomainsResponse::kDomainsFieldNumber, bytes);
    --left;
  }
  if (next < end) {
    if (place.pin.empty()) {
      absl::StatusOr<std::string> pin = pages.Pin(place.snapshot, caller.identity, query, now);
      if (!pin.ok()) return pin.status();
      place.pin = *std::move(pin);
    }
    AppendBytesField(&response, v1::ListDomainsResponse::kNextPageTokenFieldNumber, PageTable::Token(place.pin, next));
  }
  AppendVarintField(&response, v1::ListDomainsResponse::kRevisionFieldNumber,
                    static_cast<uint64_t>(place.snapshot->revision()));
  return response;
}

}  // namespace reeve::state
