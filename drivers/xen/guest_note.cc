#include "drivers/xen/guest_note.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace reeve::xen {
namespace {

// Its text is "run N\n" and the specification, serialized.
constexpr char kNote[] = "reeve-domain";

}  // namespace

absl::Status WriteNote(Toolstack& toolstack, uint32_t domid, const drivers::DomainKey& key,
                       const v1::DomainSpec& spec) {
  return toolstack.StoreNote(domid, kNote, absl::StrCat("run ", key.run, "\n", spec.SerializeAsString()));
}

std::optional<GuestNote> ReadNote(const Toolstack& toolstack, uint32_t domid) {
  const absl::StatusOr<std::string> text = toolstack.ReadNote(domid, kNote);
  if (!text.ok()) return std::nullopt;
  const size_t end = text->find('\n');
  if (text->rfind("run ", 0) != 0 || end == std::string::npos) return std::nullopt;
  GuestNote note;
  if (!absl::SimpleAtoi(text->substr(4, end - 4), &note.run)) return std::nullopt;
  if (!note.spec.ParseFromString(text->substr(end + 1))) return std::nullopt;
  return note;
}

}  // namespace reeve::xen
