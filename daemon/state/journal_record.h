// One revision of the journal, as watchers get it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/labels.h"
#include "daemon/state/watch.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/event.pb.h"
#include "reeve/v1/event_service.pb.h"

namespace reeve::state {

// What a filter looks at.
struct EventSummary {
  v1::EventType type = v1::EVENT_TYPE_UNSPECIFIED;
  std::string hypervisor;
  std::string name;
  std::string uid;
  auth::Labels labels;
};

// The events of one revision. A message is serialized when it is first asked for, at most once per view and choice of
// events, and then shared. Immutable to the outside, thread-safe.
class JournalRecord {
 public:
  // A choice of events: bit i stands for event i.
  using Mask = uint64_t;
  static constexpr size_t kMaxEvents = 64;

  // From what the journal stores: a serialized WatchResponse in view FULL with at most 64 events.
  static absl::StatusOr<std::shared_ptr<JournalRecord>> Parse(std::string full);

  [[nodiscard]] int64_t revision() const { return revision_; }
  [[nodiscard]] const std::vector<EventSummary>& events() const { return events_; }
  [[nodiscard]] Mask all() const { return all_; }

  // The chosen events in view BASIC or FULL.
  SharedMessage Message(v1::DomainView view, Mask mask);
  // The same, not shared: event i gets coalesced[i].
  std::string CoalescedMessage(v1::DomainView view, Mask mask, const std::vector<uint32_t>& coalesced) const;
  // Messages serialized so far, for tests.
  [[nodiscard]] size_t serialized() const;

 private:
  JournalRecord() = default;
  v1::WatchResponse Build(v1::DomainView view, Mask mask) const;

  int64_t revision_ = 0;
  Mask all_ = 0;
  std::vector<EventSummary> events_;
  SharedMessage full_;

  struct Made {
    v1::DomainView view;
    Mask mask;
    SharedMessage message;
  };
  mutable std::mutex mutex_;
  std::vector<Made> made_;
};

}  // namespace reeve::state
