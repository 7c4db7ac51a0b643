// Displays: settings of their own where a machine is emulated, vfb = [ "type=vnc,vncunused=1" ] elsewhere.
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

using Graphics = v1::Graphics;

constexpr int64_t kFirstPort = 5900;
constexpr int64_t kMaxPort = 65535;

void Listen(const std::optional<XenPiece>& address, Graphics* graphics) {
  v1::GraphicsListen* listen = graphics->add_listens();
  listen->set_type("address");
  if (address) listen->set_address(std::string(address->text));
}

void ChoosePort(bool chosen, Graphics* graphics) {
  graphics->set_auto_port(chosen);
  if (chosen) graphics->set_port(-1);
}

void ReadVnc(XenConfigReader* reader, Graphics* graphics) {
  graphics->set_type("vnc");
  ChoosePort(reader->TakeFlagOr("vncunused", true), graphics);
  if (!graphics->auto_port()) {
    graphics->set_port(reader->TakeNumber("vncdisplay", 0, kMaxPort - kFirstPort).value_or(0) + kFirstPort);
  }
  Listen(reader->TakeText("vnclisten"), graphics);
  if (const auto password = reader->TakeText("vncpasswd")) graphics->set_password(std::string(password->text));
  if (const auto keymap = reader->TakeFilledText("keymap")) graphics->set_keymap(std::string(keymap->text));
}

void ReadSdl(XenConfigReader* reader, Graphics* graphics) {
  graphics->set_type("sdl");
  if (const auto display = reader->TakeFilledText("display")) graphics->set_display(std::string(display->text));
  if (const auto file = reader->TakeFilledText("xauthority")) graphics->set_x_authority(std::string(file->text));
}

void ReadSpice(XenConfigReader* reader, Graphics* graphics) {
  graphics->set_type("spice");
  Listen(reader->TakeText("spicehost"), graphics);
  const int64_t port = reader->TakeNumber("spiceport", 0, kMaxPort).value_or(0);
  const int64_t tls_port = reader->TakeNumber("spicetls_port", 0, kMaxPort).value_or(0);
  if (port != 0) graphics->set_port(port);
  if (tls_port != 0) graphics->set_tls_port(tls_port);
  graphics->set_auto_port(port == 0 && tls_port == 0);
  const bool open = reader->TakeFlagOr("spicedisable_ticketing", false);
  const auto password = reader->TakeText("spicepasswd");
  if (!open && password) {
    graphics->set_password(std::string(password->text));
  } else if (!open) {
    reader->Fail(reader->OffsetOf("spice"), "is on and there is no spicepasswd");
  } else if (password) {
    reader->Warn(reader->OffsetOf("spicepasswd"), "is ignored, spicedisable_ticketing is set");
  }
  const bool client_mouse = reader->TakeFlagOr("spiceagent_mouse", false);
  graphics->set_mouse_mode(client_mouse ? "client" : "server");
  graphics->set_copy_paste(reader->TakeFlagOr("spice_clipboard_sharing", false));
  if (reader->TakeFlagOr("spicevdagent", false) && !client_mouse && !graphics->copy_paste()) {
    reader->Warn(reader->OffsetOf("spicevdagent"), "has no form of its own and is ignored");
  }
}

// One key of an entry of vfb; whether it is known.
bool ReadFrameBufferOption(XenConfigReader* reader, const XenOption& option, Graphics* graphics) {
  const absl::string_view key = option.key.text;
  const std::string value(option.value.text);
  if (graphics->type() == "sdl") {
    if (key == "display") {
      graphics->set_display(value);
    } else if (key == "xauthority") {
      graphics->set_x_authority(value);
    } else {
      return false;
    }
    return true;
  }
  if (key == "vncunused") {
    ChoosePort(value == "1", graphics);
  } else if (key == "vncdisplay") {
    const auto display = reader->Number(option.value, 10, 0, kMaxPort - kFirstPort);
    if (display) graphics->set_port(*display + kFirstPort);
  } else if (key == "vnclisten") {
    graphics->mutable_listens(0)->set_address(value);
  } else if (key == "vncpasswd") {
    graphics->set_password(value);
  } else if (key == "keymap") {
    graphics->set_keymap(value);
  } else {
    // The entry has its own switch, which every entry may repeat.
    return key == "vnc" && value != "0";
  }
  return true;
}

void ReadFrameBuffer(XenConfigReader* reader, const XenPiece& piece, Graphics* graphics) {
  const std::vector<XenOption> options = SplitXenOptions(piece);
  graphics->set_type("vnc");
  for (const XenOption& option : options) {
    const absl::string_view value = option.value.text;
    if ((option.key.text == "type" && value == "sdl") || (option.key.text == "sdl" && value == "1")) {
      graphics->set_type("sdl");
    }
  }
  if (graphics->type() == "vnc") {
    graphics->set_auto_port(false);
    Listen(std::nullopt, graphics);
  }
  for (const XenOption& option : options) {
    const XenPiece& key = option.key;
    if (key.text == "type" || (key.text == "sdl" && option.value.text != "0") ||
        (key.text.empty() && option.value.text.empty())) {
      continue;
    }
    if (!ReadFrameBufferOption(reader, option, graphics)) {
      const absl::string_view shown = key.text.empty() ? option.value.text : key.text;
      reader->Warn(key.offset, absl::StrCat("has '", Printable(shown), "', which has no form here and is ignored"));
    }
  }
  // A number of the display does not matter where a free port is looked for.
  if (graphics->auto_port()) graphics->set_port(-1);
}

// sdl and vnc of a guest that may have both switched off.
void ReadSwitches(XenConfigReader* reader, v1::Devices* devices) {
  const bool vnc = reader->TakeFlagOr("vnc", false);
  const bool sdl = reader->TakeFlagOr("sdl", false);
  if (vnc) {
    ReadVnc(reader, devices->add_graphics());
    if (sdl) reader->Warn(reader->OffsetOf("sdl"), "is ignored, there is vnc");
  } else if (sdl) {
    ReadSdl(reader, devices->add_graphics());
  }
}

int64_t DisplayOf(const Graphics& graphics) {
  return graphics.port() - kFirstPort;
}

const std::string& AddressOf(const Graphics& graphics) {
  static const v1::GraphicsListen& nowhere = v1::GraphicsListen::default_instance();
  return graphics.listens().empty() ? nowhere.address() : graphics.listens(0).address();
}

void WriteVnc(const Graphics& graphics, XenConfigWriter* writer) {
  writer->Number("sdl", 0);
  writer->Number("vnc", 1);
  writer->Number("vncunused", graphics.auto_port() ? 1 : 0);
  if (!graphics.auto_port()) writer->Number("vncdisplay", DisplayOf(graphics));
  writer->OptionalText("vnclisten", AddressOf(graphics));
  if (graphics.has_password()) writer->Text("vncpasswd", graphics.password());
  writer->OptionalText("keymap", graphics.keymap());
}

void WriteSdl(const Graphics& graphics, XenConfigWriter* writer) {
  writer->Number("sdl", 1);
  writer->Number("vnc", 0);
  writer->OptionalText("display", graphics.display());
  writer->OptionalText("xauthority", graphics.x_authority());
}

std::string FrameBufferOf(const Graphics& graphics) {
  std::string text = absl::StrCat("type=", graphics.type());
  const auto add = [&](absl::string_view key, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&text, ",", key, "=", value);
  };
  if (graphics.type() == "sdl") {
    add("display", graphics.display());
    add("xauthority", graphics.x_authority());
    return text;
  }
  add("vncunused", graphics.auto_port() ? "1" : "0");
  if (!graphics.auto_port() && graphics.port() != 0) add("vncdisplay", absl::StrCat(DisplayOf(graphics)));
  add("vnclisten", AddressOf(graphics));
  if (graphics.has_password()) absl::StrAppend(&text, ",vncpasswd=", graphics.password());
  add("keymap", graphics.keymap());
  return text;
}

}  // namespace

void ReadXenGraphics(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::Devices* devices = spec->mutable_devices();
  for (const absl::string_view name : {"vnclisten", "vncdisplay", "vncpasswd", "keymap", "vnc", "spice"}) {
    if (reader->Has(name)) reader->Remember("spec.devices.graphics", reader->OffsetOf(name));
  }
  if (IsXenHvm(*spec)) {
    if (reader->dialect() == XenDialect::kXl && reader->TakeFlagOr("spice", false)) {
      ReadSpice(reader, devices->add_graphics());
      for (const absl::string_view other : {"vnc", "sdl"}) {
        if (reader->TakeFlagOr(other, false)) reader->Warn(reader->OffsetOf(other), "is ignored, there is spice");
      }
      return;
    }
    return ReadSwitches(reader, devices);
  }
  const std::vector<XenPiece> buffers = reader->TakeList("vfb");
  // What was before there was vfb, and what xl still takes.
  if (buffers.empty()) return ReadSwitches(reader, devices);
  ReadFrameBuffer(reader, buffers[0], devices->add_graphics());
  reader->Remember("spec.devices.graphics", buffers[0].offset);
  for (size_t i = 1; i < buffers.size(); ++i) {
    reader->Warn(buffers[i].offset, "has more than one display; the first is taken");
  }
}

void WriteXenGraphics(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (spec.devices().graphics().empty()) return;
  const Graphics& graphics = spec.devices().graphics(0);
  if (graphics.type() != "vnc" && graphics.type() != "sdl") return;
  if (!IsXenHvm(spec)) {
    writer->List("vfb", {FrameBufferOf(graphics)});
  } else if (graphics.type() == "vnc") {
    WriteVnc(graphics, writer);
  } else {
    WriteSdl(graphics, writer);
  }
}

void WriteXenSpice(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  if (!IsXenHvm(spec) || spec.devices().graphics().empty()) return;
  const Graphics& graphics = spec.devices().graphics(0);
  if (graphics.type() != "spice") return;
  writer->Number("sdl", 0);
  writer->Number("vnc", 0);
  writer->Number("spice", 1);
  writer->OptionalText("spicehost", AddressOf(graphics));
  writer->Number("spiceport", graphics.port());
  writer->Number("spicetls_port", graphics.tls_port());
  writer->Number("spicedisable_ticketing", graphics.has_password() ? 0 : 1);
  if (graphics.has_password()) writer->Text("spicepasswd", graphics.password());
  const bool client_mouse = graphics.mouse_mode() == "client";
  writer->Number("spiceagent_mouse", client_mouse ? 1 : 0);
  // Both need the agent in the guest.
  if (client_mouse) writer->Number("spicevdagent", 1);
  if (!graphics.copy_paste()) return;
  writer->Number("spice_clipboard_sharing", 1);
  if (!client_mouse) writer->Number("spicevdagent", 1);
}

}  // namespace reeve::formats
