// vga, stdvga and videoram of xl: the video card of an emulated machine. libvirt does not convert them; without them
// the card is its default one, and nothing is written for that.
#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr std::pair<absl::string_view, absl::string_view> kModels[] = {
    {"cirrus", "cirrus"}, {"stdvga", "vga"}, {"qxl", "qxl"}, {"none", "none"}};
constexpr int64_t kMaxMebibytes = 1024;

// The card that AddXenDefaults adds.
bool IsDefault(const v1::Video& video) {
  v1::DomainSpec other;
  other.mutable_os()->set_type("hvm");
  other.mutable_devices()->add_graphics();
  AddXenDefaults(&other);
  const v1::Video& wanted = other.devices().videos(0);
  return video.model() == wanted.model() && video.vram_kib() == wanted.vram_kib();
}

}  // namespace

void ReadXenVideo(XenConfigReader* reader, v1::DomainSpec* spec) {
  if (!IsXenHvm(*spec)) return;
  absl::string_view model;
  if (const auto name = reader->TakeFilledText("vga")) {
    for (const auto& [xen, libvirt] : kModels) {
      if (xen == name->text) model = libvirt;
    }
    if (model.empty()) {
      reader->Fail(name->offset, absl::StrCat("has '", Printable(name->text), "', which is not known"),
                   v1::REASON_DOCUMENT_UNKNOWN);
    }
  }
  if (reader->TakeFlagOr("stdvga", false) && model.empty()) model = "vga";
  const auto memory = reader->TakeNumber("videoram", 1, kMaxMebibytes);
  if (model.empty() && !memory) return;
  v1::Video* video = spec->mutable_devices()->add_videos();
  video->set_model(std::string(model.empty() ? "cirrus" : model));
  if (model == "none") return;
  video->set_heads(1);
  video->set_primary(true);
  if (memory) video->set_vram_kib(static_cast<uint64_t>(*memory) * 1024);
}

void WriteXenVideo(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec) || spec.devices().videos().empty()) return;
  const v1::Video& video = spec.devices().videos(0);
  if (IsDefault(video) && !spec.devices().graphics().empty()) return;
  for (const auto& [xen, libvirt] : kModels) {
    if (libvirt == video.model()) writer->Text("vga", xen);
  }
  if (video.has_vram_kib()) writer->Number("videoram", static_cast<int64_t>(video.vram_kib() / 1024));
}

}  // namespace reeve::formats
