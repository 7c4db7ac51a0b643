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
    {"mode", AttributeWord<&Timer::mutable_mode, kTimerModes>},
    {"frequency", AttributeNumber<&Timer::set_frequency_hz>},
};

using CatchUp = v1::TimerCatchUp;
constexpr XmlAttributeRule<CatchUp> kCatchUp[] = {
    {"threshold", AttributeNumber<&CatchUp::set_threshold>},
    {"slew", AttributeNumber<&CatchUp::set_slew>},
    {"limit", AttributeNumber<&CatchUp::set_limit>},
};

constexpr XmlElementRule<Timer> kTimerElements[] = {
    {"catchup", XmlCount::kOnce, ElementAttributesOf<&Timer::mutable_catch_up, kCatchUp, Timer>},
};

// A number of seconds from utc or localtime is a variable offset (virDomainClockDefParseXML).
void SettleOffset(Clock* clock) {
  const std::string offset = clock->offset();
  if ((offset != "utc" && offset != "localtime") || clock->adjustment().empty() || clock->adjustment() == "reset") {
    return;
  }
  clock->set_offset("variable");
  clock->set_basis(offset);
}

void WriteCatchUp(XmlWriter* writer, const CatchUp& catch_up) {
  writer->Begin("catchup");
  if (catch_up.has_threshold()) writer->Attribute("threshold", catch_up.threshold());
  if (catch_up.has_slew()) writer->Attribute("slew", catch_up.slew());
  if (catch_up.has_limit()) writer->Attribute("limit", catch_up.limit());
  writer->End();
}

constexpr XmlElementRule<Clock> kElements[] = {
    {"timer", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Clock* clock) {
       ReadXml<Timer>(reader, element, {.attributes = kTimerAttributes, .elements = kTimerElements},
                      clock->add_timers());
     }},
};

}  // namespace

void ReadClock(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Clock>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec->mutable_clock());
  SettleOffset(spec->mutable_clock());
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
    writer->OptionalAttribute("tickpolicy", timer.tick_policy()).OptionalAttribute("track", timer.track());
    if (timer.has_frequency_hz()) writer->Attribute("frequency", timer.frequency_hz());
    writer->OptionalAttribute("mode", timer.mode());
    if (timer.has_catch_up()) WriteCatchUp(writer, timer.catch_up());
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats
