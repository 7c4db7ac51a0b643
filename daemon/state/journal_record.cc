#include "daemon/state/journal_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/entry.h"
#include "formats/domain_name.h"

namespace reeve::state {

absl::StatusOr<std::shared_ptr<JournalRecord>> JournalRecord::Parse(std::string full) {
  v1::WatchResponse response;
  if (!response.ParseFromString(full)) return absl::DataLossError("an entry of the journal cannot be parsed");
  if (static_cast<size_t>(response.events_size()) > kMaxEvents) {
    return absl::DataLossError(absl::StrCat("an entry of the journal has ", response.events_size(), " events"));
  }
  std::shared_ptr<JournalRecord> record(new JournalRecord);
  record->revision_ = response.revision();
  record->events_.reserve(response.events_size());
  for (const v1::Event& event : response.events()) {
    const formats::DomainNameParts parts = formats::SplitDomainResourceName(event.domain().name());
    record->all_ |= Mask{1} << record->events_.size();
    record->events_.push_back({event.type(), std::string(parts.hypervisor), std::string(parts.name),
                               event.domain().uid(), LabelsOf(event.domain())});
  }
  record->full_ = std::make_shared<const std::string>(std::move(full));
  return record;
}

v1::WatchResponse JournalRecord::Build(v1::DomainView view, Mask mask) const {
  v1::WatchResponse all;
  (void)all.ParseFromString(*full_);  // Parse has done it before
  v1::WatchResponse chosen;
  chosen.set_revision(revision_);
  for (int i = 0; i < all.events_size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    v1::Event* event = chosen.add_events();
    event->Swap(all.mutable_events(i));
    if (view != v1::DOMAIN_VIEW_FULL) *event->mutable_domain() = BasicView(event->domain());
  }
  return chosen;
}

SharedMessage JournalRecord::Message(v1::DomainView view, Mask mask) {
  if (view == v1::DOMAIN_VIEW_FULL && mask == all_) return full_;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Made& made : made_) {
    if (made.view == view && made.mask == mask) return made.message;
  }
  made_.push_back({view, mask, std::make_shared<const std::string>(Build(view, mask).SerializeAsString())});
  return made_.back().message;
}

std::string JournalRecord::CoalescedMessage(v1::DomainView view, Mask mask,
                                            const std::vector<uint32_t>& coalesced) const {
  v1::WatchResponse response = Build(view, mask);
  int built = 0;
  for (size_t i = 0; i < events_.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    response.mutable_events(built++)->set_coalesced(coalesced[i]);
  }
  return response.SerializeAsString();
}

size_t JournalRecord::serialized() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return made_.size();
}

}  // namespace reeve::state
