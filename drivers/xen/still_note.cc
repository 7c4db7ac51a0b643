#include "drivers/xen/still_note.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::xen {
namespace {

constexpr char kNote[] = "reeve-still";
constexpr absl::string_view kTexts[] = {"none", "sending", "handed", "asleep", "arriving"};

}  // namespace

absl::Status WriteStillNote(Toolstack& toolstack, uint32_t domid, StillReason reason) {
  return toolstack.StoreNote(domid, kNote, kTexts[static_cast<size_t>(reason)]);
}

StillReason ReadStillNote(const Toolstack& toolstack, uint32_t domid) {
  const absl::StatusOr<std::string> text = toolstack.ReadNote(domid, kNote);
  for (const StillReason reason : {StillReason::kSending, StillReason::kHanded, StillReason::kAsleep,
                                   StillReason::kArriving}) {
    if (text.ok() && *text == kTexts[static_cast<size_t>(reason)]) return reason;
  }
  return StillReason::kNone;
}

}  // namespace reeve::xen
