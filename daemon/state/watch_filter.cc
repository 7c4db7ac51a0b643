#include "daemon/state/watch_filter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/status.h"

namespace reeve::state {

absl::StatusOr<WatchFilter> WatchFilter::Make(const v1::WatchRequest& request, auth::Access::Pointer access) {
  absl::StatusOr<EntryFilter> shown = EntryFilter::Make(std::move(access), request.view() == v1::DOMAIN_VIEW_FULL);
  if (!shown.ok()) return shown.status();
  WatchFilter filter(*std::move(shown));
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(request.parent());
  if (!parts.name.empty()) {
    filter.hypervisor_ = std::string(parts.hypervisor);
    filter.name_ = std::string(parts.name);
    if (absl::StatusOr<std::string> uid = formats::ParseUuid(parts.name); uid.ok()) filter.uid_ = *std::move(uid);
  } else if (!request.parent().empty()) {
    absl::StatusOr<std::string> hypervisor = ParseHypervisorName(request.parent(), /*wildcard=*/true);
    if (!hypervisor.ok()) return hypervisor.status();
    filter.hypervisor_ = *std::move(hypervisor);
  }
  if (!request.types().empty()) filter.types_ = 0;
  for (const int type : request.types()) {
    if (!v1::EventType_IsValid(type) || type == v1::EVENT_TYPE_UNSPECIFIED) {
      absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("there is no event type ", type));
      AddFieldViolation(&status, "types", "unknown");
      return status;
    }
    static_assert(v1::EventType_MAX < 64);
    filter.types_ |= uint64_t{1} << type;
  }
  return filter;
}

bool WatchFilter::Matches(const EventSummary& event) const {
  const auto type = static_cast<uint32_t>(event.type);
  if (type >= 64 || (types_ >> type & 1) == 0) return false;
  if (hypervisor_ != "-" && hypervisor_ != event.hypervisor) return false;
  if (!name_.empty() && name_ != event.name && (uid_.empty() || uid_ != event.uid)) return false;
  return shown_.Shows(event.hypervisor, event.name, &event.labels);
}

JournalRecord::Mask WatchFilter::Choose(const JournalRecord& record) const {
  JournalRecord::Mask mask = 0;
  for (size_t i = 0; i < record.events().size(); ++i) {
    if (Matches(record.events()[i])) mask |= JournalRecord::Mask{1} << i;
  }
  return mask;
}

}  // namespace reeve::state
