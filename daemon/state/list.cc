#include "daemon/state/list.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "daemon/state/entry_filter.h"
#include "daemon/state/names.h"
#include "daemon/state/wire.h"
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

}  // namespace

absl::StatusOr<std::string> SerializeView(const Entry& entry, v1::DomainView view, v1::DomainView unspecified,
                                          const Sampler& sampler) {
  switch (view == v1::DOMAIN_VIEW_UNSPECIFIED ? unspecified : view) {
    case v1::DOMAIN_VIEW_BASIC:
      return entry.basic;
    case v1::DOMAIN_VIEW_FULL:
      return entry.full;
    case v1::DOMAIN_VIEW_STATS: {
      std::string bytes = entry.basic;
      if (!IsActive(entry.state)) return bytes;
      if (std::optional<v1::DomainStatistics> statistics = sampler(entry)) {
        AppendBytesField(&bytes, v1::Domain::kStatisticsFieldNumber, statistics->SerializeAsString());
      }
      return bytes;
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
  for (; next < end; ++next) {
    const Entry& entry = *entries[next];
    if (!wanted[entry.state] || !shown->Shows(entry.key->hypervisor, entry.key->name)) continue;
    if (left == 0) break;
    if (!response.empty() && response.size() + bytes_of(entry).size() > kMaxPageBytes) break;
    if (view == v1::DOMAIN_VIEW_STATS) {
      absl::StatusOr<std::string> bytes = SerializeView(entry, view, view, sampler);
      if (!bytes.ok()) return bytes.status();
      AppendBytesField(&response, v1::ListDomainsResponse::kDomainsFieldNumber, *bytes);
    } else {
      AppendBytesField(&response, v1::ListDomainsResponse::kDomainsFieldNumber, bytes_of(entry));
    }
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
