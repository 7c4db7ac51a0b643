#include "daemon/state/pages.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/uuid.h"

namespace reeve::state {
namespace {

absl::Status Expired() {
  return Error(v1::REASON_PAGE_TOKEN_EXPIRED,
               "the page token is not known or no longer kept: list again from the start");
}

}  // namespace

void PageTable::DropOld(absl::Time now) {
  pinned_.remove_if([now](const Pinned& pinned) { return pinned.until <= now; });
  while (pinned_.size() > count_) pinned_.pop_front();
}

absl::StatusOr<std::string> PageTable::Pin(SnapshotPointer snapshot, std::string owner, std::string query,
                                           absl::Time now) {
  absl::StatusOr<std::string> pin = util::NewUuid();
  if (!pin.ok()) return pin.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  pinned_.push_back({*pin, std::move(owner), std::move(query), std::move(snapshot), now + age_});
  DropOld(now);
  return pin;
}

std::string PageTable::Token(absl::string_view pin, size_t offset) {
  return absl::StrCat(pin, ".", offset);
}

absl::StatusOr<PageTable::Place> PageTable::Find(absl::string_view token, absl::string_view owner,
                                                 absl::string_view query, absl::Time now) {
  const size_t point = token.find('.');
  uint64_t offset = 0;
  if (point == absl::string_view::npos || !absl::SimpleAtoi(token.substr(point + 1), &offset)) return Expired();
  const std::lock_guard<std::mutex> lock(mutex_);
  DropOld(now);
  for (const Pinned& pinned : pinned_) {
    if (pinned.pin != token.substr(0, point) || pinned.owner != owner) continue;
    if (offset > pinned.snapshot->entries().size()) return Expired();
    if (pinned.query != query) {
      return Error(v1::REASON_REQUEST_INVALID, "parent, view or states are not those of the list's first page");
    }
    return Place{pinned.snapshot, static_cast<size_t>(offset), pinned.pin};
  }
  return Expired();
}

}  // namespace reeve::state
