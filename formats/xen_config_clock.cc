#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

// By the numbers that xl takes as well.
constexpr std::pair<absl::string_view, absl::string_view> kTscModes[] = {
    {"default", "auto"},
    {"always_emulate", "emulate"},
    {"native", "native"},
    {"native_paravirt", "paravirt"},
};

constexpr int64_t kMaxOffset = 0x7FFFFFFF;

void ReadTsc(XenConfigReader* reader, v1::Clock* clock) {
  const XenConfigValue* value = reader->Take("tsc_mode");
  if (value == nullptr) return;
  for (size_t i = 0; i < std::size(kTscModes); ++i) {
    const bool is_number = value->kind == XenConfigValue::Kind::kNumber && value->number == static_cast<int64_t>(i);
    const bool is_text = value->kind == XenConfigValue::Kind::kString && value->text == kTscModes[i].first;
    if (!is_number && !is_text) continue;
    v1::ClockTimer* timer = clock->add_timers();
    timer->set_name("tsc");
    timer->set_present(true);
    timer->set_mode(std::string(kTscModes[i].second));
    return;
  }
  reader->Fail(value->offset, "has a value that is not known", v1::REASON_DOCUMENT_UNKNOWN);
}

void WriteTimer(const v1::ClockTimer& timer, XenConfigWriter* writer) {
  if (timer.name() == "hpet") writer->Number("hpet", timer.present() ? 1 : 0);
  if (timer.name() != "tsc") return;
  absl::string_view word = kTscModes[0].first;
  for (const auto& [xen, mode] : kTscModes) {
    if (mode == timer.mode()) word = xen;
  }
  writer->Text("tsc_mode", word);
}

}  // namespace

void ReadXenClock(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::Clock* clock = spec->mutable_clock();
  ReadTsc(reader, clock);
  const bool local_time = reader->TakeFlagOr("localtime", false);
  if (!IsXenHvm(*spec)) {
    // Such a guest has no clock of its own whose offset could be kept.
    clock->set_offset(local_time ? "localtime" : "utc");
    clock->set_adjustment("reset");
    return;
  }
  if (const auto present = reader->TakeFlag("hpet")) {
    v1::ClockTimer* timer = clock->add_timers();
    timer->set_name("hpet");
    timer->set_present(*present);
  }
  clock->set_offset("variable");
  clock->set_adjustment(absl::StrCat(reader->TakeNumber("rtc_timeoffset", -kMaxOffset, kMaxOffset).value_or(0)));
  clock->set_basis(local_time ? "localtime" : "utc");
}

void WriteXenClock(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  const v1::Clock& clock = spec.clock();
  for (const v1::ClockTimer& timer : clock.timers()) WriteTimer(timer, writer);
  if (!IsXenHvm(spec)) return writer->Number("localtime", clock.offset() == "localtime" ? 1 : 0);
  int64_t adjustment = 0;
  if (!absl::SimpleAtoi(clock.adjustment(), &adjustment)) adjustment = 0;
  writer->Number("rtc_timeoffset", adjustment);
  writer->Number("localtime", clock.basis() == "localtime" ? 1 : 0);
}

}  // namespace reeve::formats
