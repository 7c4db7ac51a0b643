#include "cli/event_format.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

v1::Event Event(v1::EventType type, v1::EventDetail detail) {
  v1::Event event;
  event.set_type(type);
  event.set_detail(detail);
  event.mutable_domain()->set_name("hypervisors/lxc/domains/web1");
  return event;
}

TEST_CASE("lifecycle events read as virsh's") {
  CHECK(EventLine(Event(v1::EVENT_TYPE_STARTED, v1::EVENT_DETAIL_STARTED_BOOTED)) ==
        "event 'lifecycle' for domain 'web1': Started Booted");
  CHECK(EventLine(Event(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY)) ==
        "event 'lifecycle' for domain 'web1': Stopped Out of memory");
  CHECK(EventLine(Event(v1::EVENT_TYPE_DEFINED, v1::EVENT_DETAIL_DEFINED_ADDED)) ==
        "event 'lifecycle' for domain 'web1': Defined Added");
  CHECK(EventLine(Event(v1::EVENT_TYPE_PMSUSPENDED, v1::EVENT_DETAIL_UNSPECIFIED)) ==
        "event 'lifecycle' for domain 'web1': Pmsuspended");
}

TEST_CASE("other events have kinds of their own") {
  CHECK(EventLine(Event(v1::EVENT_TYPE_REBOOTED, v1::EVENT_DETAIL_REBOOTED_GUEST)) ==
        "event 'reboot' for domain 'web1'");
  CHECK(EventLine(Event(v1::EVENT_TYPE_CHANGED, v1::EVENT_DETAIL_CHANGED_AUTOSTART)) ==
        "event 'change' for domain 'web1': Autostart");
  v1::Event present = Event(v1::EVENT_TYPE_PRESENT, v1::EVENT_DETAIL_UNSPECIFIED);
  present.mutable_domain()->mutable_status()->set_state(v1::DOMAIN_STATE_SHUTOFF);
  CHECK(EventLine(present) == "event 'present' for domain 'web1': Shut off");
}

TEST_CASE("every type belongs to a kind, and the kinds do not overlap") {
  for (int type = v1::EVENT_TYPE_DEFINED; type < v1::EVENT_TYPE_PRESENT; ++type) {
    REQUIRE(v1::EventType_IsValid(type));
    v1::Event event;
    event.set_type(static_cast<v1::EventType>(type));
    const auto types = TypesOfKind(EventKind(event));
    CHECK(std::count(types.begin(), types.end(), event.type()) == 1);
  }
  CHECK(TypesOfKind("nonsense").empty());
}

TEST_CASE("messages, gaps and hostile names are shown") {
  v1::Event event = Event(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_CRASHED);
  event.set_message("init was killed\x1b[2J");
  event.set_coalesced(3);
  event.mutable_domain()->set_name("hypervisors/lxc/domains/a\nb");
  CHECK(
      EventLine(event) ==
      "event 'lifecycle' for domain 'a\\x0ab': Stopped Crashed (init was killed\\x1b[2J) [3 earlier events left out]");
}

TEST_CASE("a type of a newer daemon is shown, not hidden") {
  CHECK(EventLine(Event(static_cast<v1::EventType>(99), v1::EVENT_DETAIL_UNSPECIFIED)) ==
        "event 'lifecycle' for domain 'web1': Unknown");
  CHECK(EventLine(Event(v1::EVENT_TYPE_STOPPED, static_cast<v1::EventDetail>(99))) ==
        "event 'lifecycle' for domain 'web1': Stopped");
}

}  // namespace
}  // namespace reeve::cli
