#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Clock = v1::Clock;
using Timer = v1::ClockTimer;

constexpr XmlAttributeRule<Clock> kAttributes[] = {
    {"offset", AttributeWord<&Clock::mutable_offset, kClockOffsets>},
    {"adjustment", AttributeText<&Clock::mutable_adjustment>},
    {"basis", AttributeWord<&Clock::mutable_basis, kClockBases>},
    {"timezone", AttributeText<&Clock::mutable_time_zone>},
    {"start", AttributeNumber<&Clock::set_start_seconds>},
};

constexpr XmlAttributeRule<Timer> kTimerAttributes[] = {
    {"name", AttributeWord<&Timer::mutable_name, kTimerNames>},
    {"present", AttributeYesNo<&Timer::set_present>},
    {"tickpolicy", AttributeWord<&Timer::mutable_tick_policy, kTickPolicies>},
    {"track", AttributeWord<&Timer::mutable_track, kTimerTracks>},
};

constexpr XmlElementRule<Clock> kElements[] = {
    {"timer", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Clock* clock) {
       ReadXml<Timer>(reader, element, {.attributes = kTimerAttributes}, clock->add_timers());
     }},
};

}  // namespace

void ReadClock(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Clock>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec->mutable_clock());
}

void WriteClock(XmlWriter* writer, const Clock& clock) {
  const std::string& offset = clock.offset();
  writer->Begin("clock").Attribute("offset", offset.empty() ? "utc" : offset);
  if (offset == "variable") {
    writer->Attribute("adjustment", clock.adjustment().empty() ? "0" : clock.adjustment())
        .Attribute("basis", clock.basis().empty() ? "utc" : clock.basis());
  } else {
    writer->OptionalAttribute("adjustment", clock.adjustment());
  }
  writer->OptionalAttribute("timezone", clock.time_zone());
  if (clock.has_start_seconds()) writer->Attribute("start", clock.start_seconds());
  for (const Timer& timer : clock.timers()) {
    writer->Begin("timer").Attribute("name", timer.name());
    if (timer.has_present()) writer->Attribute("present", timer.present() ? "yes" : "no");
    writer->OptionalAttribute("tickpolicy", timer.tick_policy()).OptionalAttribute("track", timer.track()).End();
  }
  writer->End();
}

}  // namespace reeve::formats
