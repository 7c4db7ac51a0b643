// Displays and video cards of a domain.
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/xen/config_sections.h"
#include "drivers/xen/display_ports.h"

namespace reeve::xen {
namespace {

constexpr int64_t kFirstVncPort = 5900;  // display 0
constexpr int64_t kLastPort = 65535;

void Set(const ConfigContext& context, libxl_defbool* field, bool value) {
  context.library.libxl_defbool_set(field, value);
}

void FillVnc(const ConfigContext& context, const v1::Graphics& graphics, int index, const std::string& field,
             libxl_vnc_info* vnc) {
  Set(context, &vnc->enable, true);
  // The daemon chooses the port: who asks for the display must be told it.
  Set(context, &vnc->findunused, false);
  const bool chosen = context.options.ports_are_chosen || !LeavesPortOpen(graphics);
  const int64_t port = chosen ? graphics.port() : kFirstVncPort + index;
  if (port < kFirstVncPort || port > kLastPort) {
    return context.violations->Invalid(absl::StrCat(field, ".port"), "VNC's ports are 5900 to 65535");
  }
  vnc->display = static_cast<int>(port - kFirstVncPort);
  if (const std::string listen = ListenAddress(graphics); !listen.empty()) vnc->listen = CopyText(listen);
  if (graphics.has_password()) vnc->passwd = CopyText(graphics.password());
}

void FillSdl(const ConfigContext& context, const v1::Graphics& graphics, libxl_sdl_info* sdl) {
  Set(context, &sdl->enable, true);
  if (!graphics.display().empty()) sdl->display = CopyText(graphics.display());
  if (!graphics.x_authority().empty()) sdl->xauthority = CopyText(graphics.x_authority());
  if (graphics.has_gl()) Set(context, &sdl->opengl, graphics.gl());
}

void FillSpice(const ConfigContext& context, const v1::Graphics& graphics, const std::string& field) {
  if (!context.hvm()) return context.violations->Unsupported(absl::StrCat(field, ".type"), "spice is of HVM only");
  libxl_spice_info& spice = context.build().u.hvm.spice;
  Set(context, &spice.enable, true);
  if (const std::string listen = ListenAddress(graphics); !listen.empty()) spice.host = CopyText(listen);
  if (graphics.port() > 0) spice.port = static_cast<int>(graphics.port());
  if (graphics.tls_port() > 0) spice.tls_port = static_cast<int>(graphics.tls_port());
  if (spice.port == 0 && spice.tls_port == 0) {
    context.violations->Invalid(absl::StrCat(field, ".port"), "is missing: Xen does not choose a port of spice");
  }
  const bool password = graphics.has_password() && !graphics.password().empty();
  Set(context, &spice.disable_ticketing, !password);
  if (password) spice.passwd = CopyText(graphics.password());
}

// The card of an HVM guest. Sizes are those that libvirt gives it.
void SetVideo(const ConfigContext& context) {
  const auto& videos = context.spec.devices().videos();
  libxl_domain_build_info& build = context.build();
  const bool displayed = !context.spec.devices().graphics().empty();
  std::string model = videos.empty() ? (displayed ? "cirrus" : "none") : videos[0].model();
  if (model.empty()) model = "cirrus";
  uint64_t memory = 0;
  if (model == "cirrus") {
    build.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_CIRRUS;
    memory = 8 * 1024;
  } else if (model == "vga" || model == "xen") {
    build.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_STD;
    memory = 16 * 1024;
  } else if (model == "qxl") {
    build.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_QXL;
    memory = 128 * 1024;
  } else if (model == "none") {
    build.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_NONE;
    Set(context, &build.u.hvm.nographic, true);
    return;
  } else {
    return context.violations->Unsupported("devices.videos[0].model", absl::StrCat("'", model, "'"));
  }
  if (videos.size() > 1) context.violations->Unsupported("devices.videos", "Xen gives one card");
  if (!videos.empty() && videos[0].has_vram_kib()) {
    if (videos[0].vram_kib() < memory) {
      context.violations->Invalid("devices.videos[0].vram_kib",
                                  absl::StrCat("is less than the ", memory, " KiB that '", model, "' needs"));
    }
    memory = videos[0].vram_kib();
  }
  build.video_memkb = memory;
}

}  // namespace

void SetDisplays(const ConfigContext& context) {
  const auto& displays = context.spec.devices().graphics();
  libxl_domain_config* const config = context.config;
  if (context.hvm()) {
    SetVideo(context);
    Set(context, &context.build().u.hvm.vnc.enable, false);
    Set(context, &context.build().u.hvm.sdl.enable, false);
  }
  for (int i = 0; i < displays.size(); ++i) {
    const v1::Graphics& graphics = displays[i];
    const std::string field = absl::StrCat("devices.graphics[", i, "]");
    if (graphics.type() == "spice") {
      FillSpice(context, graphics, field);
      continue;
    }
    if (graphics.type() != "vnc" && graphics.type() != "sdl") {
      context.violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", graphics.type(), "'"));
      continue;
    }
    libxl_device_vfb* const screen = AppendElement(&config->vfbs, &config->num_vfbs);
    context.library.libxl_device_vfb_init(screen);
    context.library.libxl_device_vkb_init(AppendElement(&config->vkbs, &config->num_vkbs));
    if (graphics.type() == "vnc") {
      Set(context, &screen->sdl.enable, false);
      FillVnc(context, graphics, i, field, &screen->vnc);
    } else {
      Set(context, &screen->vnc.enable, false);
      FillSdl(context, graphics, &screen->sdl);
    }
    if (!graphics.keymap().empty()) screen->keymap = CopyText(graphics.keymap());
    // The emulated card of HVM has one display; it is the first.
    if (context.hvm() && config->num_vfbs == 1) {
      libxl_domain_build_info& build = context.build();
      if (graphics.type() == "vnc") FillVnc(context, graphics, i, field, &build.u.hvm.vnc);
      if (graphics.type() == "sdl") FillSdl(context, graphics, &build.u.hvm.sdl);
      if (!graphics.keymap().empty()) build.u.hvm.keymap = CopyText(graphics.keymap());
    }
  }
  // An emulator that the definition names but the host has not is libxenlight's default, as in libvirt: definitions
  // come from other distributions, and the path is theirs.
  const std::string& emulator = context.spec.devices().emulator();
  if (!emulator.empty() && (!context.options.check_emulator || access(emulator.c_str(), X_OK) == 0)) {
    context.build().device_model = CopyText(emulator);
    context.build().device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN;
  }
}

}  // namespace reeve::xen
