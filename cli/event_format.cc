#include "cli/event_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/domains.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

// "Crashed" for STOPPED and STOPPED_CRASHED; empty without a detail.
std::string DetailWords(const v1::Event& event) {
  if (event.detail() == v1::EVENT_DETAIL_UNSPECIFIED) return "";
  absl::string_view name = v1::EventDetail_Name(event.detail());
  const std::string type = absl::StrCat(absl::string_view(v1::EventType_Name(event.type())).substr(11), "_");
  name.remove_prefix(std::min(name.size(), absl::string_view("EVENT_DETAIL_").size()));
  return Capitalized(Words(name, type));
}

}  // namespace

std::string EventKind(const v1::Event& event) {
  switch (event.type()) {
    case v1::EVENT_TYPE_REBOOTED:
      return "reboot";
    case v1::EVENT_TYPE_CHANGED:
      return "change";
    case v1::EVENT_TYPE_PRESENT:
      return "present";
    default:
      return "lifecycle";
  }
}

std::vector<v1::EventType> TypesOfKind(absl::string_view kind) {
  if (kind == "reboot") return {v1::EVENT_TYPE_REBOOTED};
  if (kind == "change") return {v1::EVENT_TYPE_CHANGED};
  if (kind != "lifecycle") return {};
  return {v1::EVENT_TYPE_DEFINED,   v1::EVENT_TYPE_UNDEFINED,   v1::EVENT_TYPE_STARTED,
          v1::EVENT_TYPE_SUSPENDED, v1::EVENT_TYPE_RESUMED,     v1::EVENT_TYPE_STOPPED,
          v1::EVENT_TYPE_SHUTDOWN,  v1::EVENT_TYPE_PMSUSPENDED, v1::EVENT_TYPE_CRASHED};
}

std::string EventLine(const v1::Event& event) {
  std::string line =
      absl::StrCat("event '", EventKind(event), "' for domain '", Escape(LastPart(event.domain().name())), "'");
  const std::string detail = DetailWords(event);
  switch (event.type()) {
    case v1::EVENT_TYPE_REBOOTED:
      break;
    case v1::EVENT_TYPE_PRESENT:
      absl::StrAppend(&line, ": ", Capitalized(StateWords(event.domain().status().state())));
      break;
    case v1::EVENT_TYPE_CHANGED:
      absl::StrAppend(&line, ": ", detail);
      break;
    default: {
      const std::string& type = v1::EventType_Name(event.type());
      absl::StrAppend(&line, ": ", type.empty() ? "Unknown" : Capitalized(Words(type, "EVENT_TYPE_")));
      if (!detail.empty()) absl::StrAppend(&line, " ", detail);
    }
  }
  if (!event.message().empty()) absl::StrAppend(&line, " (", Escape(event.message()), ")");
  if (event.coalesced() > 0) absl::StrAppend(&line, " [", event.coalesced(), " earlier events left out]");
  return line;
}

}  // namespace reeve::cli
