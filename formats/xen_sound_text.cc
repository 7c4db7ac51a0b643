#include "formats/xen_sound_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "formats/domain_words.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {

absl::Status ParseXenSoundText(absl::string_view text, v1::Devices* devices) {
  if (text.empty()) return absl::OkStatus();
  if (text == "all") text = "sb16,es1370";
  for (const absl::string_view model : absl::StrSplit(text, ',')) {
    if (std::find(kSoundModels.begin(), kSoundModels.end(), model) == kSoundModels.end()) {
      return Error(v1::REASON_SPEC_INVALID, absl::StrCat("has '", Printable(model), "', which is not known"));
    }
    devices->add_sounds()->set_model(std::string(model));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> WriteXenSoundText(const v1::Devices& devices) {
  std::string text;
  for (const v1::Sound& sound : devices.sounds()) {
    if (!sound.codecs().empty()) return Error(v1::REASON_SPEC_UNSUPPORTED, "has a card with codecs");
    absl::StrAppend(&text, text.empty() ? "" : ",", sound.model());
  }
  return text;
}

}  // namespace reeve::formats
