// Displays: keys of the image ("(vnc 1)(vncunused 1)(keymap 'ja')"), as HVM and old PV have them, or a device of their
// own ("(device (vfb (type vnc)(vncunused 1)))").
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

using Graphics = v1::Graphics;

constexpr int64_t kFirstVncPort = 5900;
constexpr int64_t kLastPort = 65535;
constexpr absl::string_view kWithoutEffect[] = {"uuid", "location", "backend",  "other_config", "opengl",
                                                "vnc",  "sdl",      "videoram", "vncconsole"};

void ReadVnc(XenSxprReader* reader, const XenSxprTree& tree, const SExpression& list, Graphics* graphics) {
  graphics->set_type("vnc");
  const auto display = reader->Number(list, "vncdisplay", 0, kLastPort);
  int64_t port = -1;
  // The port itself, as some wrote it, or the number of the display.
  if (display) port = *display < kFirstVncPort ? kFirstVncPort + *display : *display;
  const bool automatic = reader->Flag(list, "vncunused") || port == -1;
  // Which port was chosen belongs to the running domain.
  if (automatic && !tree.id) port = -1;
  graphics->set_port(port);
  graphics->set_auto_port(automatic);
  v1::GraphicsListen* listen = graphics->add_listens();
  listen->set_type("address");
  reader->Text(list, "vnclisten", listen->mutable_address());
  if (const auto password = reader->Text(list, "vncpasswd")) graphics->set_password(std::string(*password));
  reader->Text(list, "keymap", graphics->mutable_keymap());
}

void ReadSdl(XenSxprReader* reader, const SExpression& list, Graphics* graphics) {
  graphics->set_type("sdl");
  reader->Text(list, "display", graphics->mutable_display());
  reader->Text(list, "xauthority", graphics->mutable_x_authority());
}

void ReadDevice(XenSxprReader* reader, const XenSxprTree& tree, const SExpression& list, v1::Devices* result) {
  reader->Remember(XenSxprDevicePath("graphics", result->graphics_size()), list);
  absl::string_view type = reader->Text(list, "type").value_or("");
  if (type.empty()) type = reader->Flag(list, "vnc") ? "vnc" : reader->Flag(list, "sdl") ? "sdl" : "";
  if (type == "vnc") {
    ReadVnc(reader, tree, list, result->add_graphics());
  } else if (type == "sdl") {
    ReadSdl(reader, list, result->add_graphics());
  } else {
    reader->Fail(list, absl::StrCat("has the type '", Printable(type), "', not vnc or sdl"));
  }
  reader->Finish(list, kWithoutEffect);
}

void WriteVnc(const Graphics& graphics, const std::string& path, XenSxprDraft* draft) {
  const bool automatic = graphics.auto_port() || graphics.port() <= 0;
  draft->AddNumber("vncunused", automatic ? 1 : 0);
  if (!automatic) {
    if (graphics.port() < kFirstVncPort) {
      draft->faults.push_back(absl::StrCat(path, ".port is below 5900, which has no form in S-expressions"));
    }
    draft->AddNumber("vncdisplay", graphics.port() - kFirstVncPort);
  }
  if (!graphics.listens().empty() && !graphics.listens(0).address().empty()) {
    draft->AddQuoted("vnclisten", graphics.listens(0).address());
  }
  if (!graphics.password().empty()) draft->AddQuoted("vncpasswd", graphics.password());
  if (!graphics.keymap().empty()) draft->AddQuoted("keymap", graphics.keymap());
}

void WriteSdl(const Graphics& graphics, XenSxprDraft* draft) {
  if (!graphics.display().empty()) draft->AddQuoted("display", graphics.display());
  if (!graphics.x_authority().empty()) draft->AddQuoted("xauthority", graphics.x_authority());
}

// Whether the display has a form at all.
bool CheckType(const v1::Devices& devices, int index, XenSxprDraft* draft) {
  const std::string& type = devices.graphics(index).type();
  if (type == "vnc" || type == "sdl") return true;
  draft->faults.push_back(absl::StrCat(XenSxprDevicePath("graphics", index), ".type is ", type,
                                       ", not vnc or sdl, which alone have a form in S-expressions"));
  return false;
}

}  // namespace

void ReadXenSxprDisplays(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                         v1::Devices* result) {
  for (const SExpression* device : devices) {
    for (const SExpression* list : reader->TakeAll(*device, "vfb")) ReadDevice(reader, tree, *list, result);
  }
  if (!result->graphics().empty() || tree.image == nullptr) return;
  reader->Remember(XenSxprDevicePath("graphics", 0), *tree.image);
  if (reader->Flag(*tree.image, "vnc")) {
    ReadVnc(reader, tree, *tree.image, result->add_graphics());
  } else if (reader->Flag(*tree.image, "sdl")) {
    ReadSdl(reader, *tree.image, result->add_graphics());
  }
}

void WriteXenSxprImageDisplay(const v1::Devices& devices, XenSxprDraft* image) {
  if (devices.graphics().empty() || !CheckType(devices, 0, image)) return;
  const Graphics& graphics = devices.graphics(0);
  image->AddNumber(graphics.type(), 1);
  if (graphics.type() == "vnc") {
    WriteVnc(graphics, XenSxprDevicePath("graphics", 0), image);
  } else {
    WriteSdl(graphics, image);
  }
}

void WriteXenSxprDeviceDisplay(const v1::Devices& devices, XenSxprDraft* root) {
  for (int i = 0; i < devices.graphics_size(); ++i) {
    if (!CheckType(devices, i, root)) continue;
    const Graphics& graphics = devices.graphics(i);
    XenSxprDraft device{.list = SExpression::List("vfb")};
    device.AddAtom("type", graphics.type());
    if (graphics.type() == "vnc") {
      WriteVnc(graphics, XenSxprDevicePath("graphics", i), &device);
    } else {
      WriteSdl(graphics, &device);
    }
    if (i == 0) root->AddDevice(SExpression::List("vkbd"));
    root->AddDevice(std::move(device.list));
    root->faults.insert(root->faults.end(), device.faults.begin(), device.faults.end());
  }
}

}  // namespace reeve::formats
