#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/xen_config.h"
#include "formats/xen_config_devices.h"
#include "formats/xen_xm.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

void AddText(XenConfig* config, absl::string_view name, absl::string_view text) {
  if (!text.empty()) config->Add(name, XenConfigValue::String(text));
}

void AddNumber(XenConfig* config, absl::string_view name, int64_t number) {
  config->Add(name, XenConfigValue::Number(number));
}

void AddClock(const v1::DomainSpec& spec, bool is_hvm, XenConfig* config) {
  for (const absl::string_view name : {"tsc", "hpet"}) {
    for (const v1::ClockTimer& timer : spec.clock().timers()) {
      if (timer.name() != name) continue;
      if (name == "tsc") AddText(config, "tsc_mode", timer.mode());
      if (name == "hpet" && timer.has_present()) AddNumber(config, "hpet", timer.present());
    }
  }
  const bool local = spec.clock().offset() == "localtime" || spec.clock().basis() == "localtime";
  if (is_hvm) {
    int64_t adjustment = 0;
    if (spec.clock().offset() == "variable") (void)absl::SimpleAtoi(spec.clock().adjustment(), &adjustment);
    AddNumber(config, "rtc_timeoffset", adjustment);
  }
  AddNumber(config, "localtime", local);
}

absl::string_view Or(absl::string_view value, absl::string_view fallback) { return value.empty() ? fallback : value; }

// How a VNC display is told: as settings (HVM) or as one text of vfb (PV).
std::string VncText(const v1::Graphics& graphics) {
  std::string out = "type=vnc";
  const bool automatic = graphics.auto_port() || graphics.port() < 0 || !graphics.has_port();
  absl::StrAppend(&out, ",vncunused=", automatic ? 1 : 0);
  if (!automatic) absl::StrAppend(&out, ",vncdisplay=", graphics.port() - 5900);
  if (graphics.listens_size() > 0 && !graphics.listens(0).address().empty()) {
    absl::StrAppend(&out, ",vnclisten=", graphics.listens(0).address());
  }
  if (!graphics.password().empty()) absl::StrAppend(&out, ",vncpasswd=", graphics.password());
  if (!graphics.keymap().empty()) absl::StrAppend(&out, ",keymap=", graphics.keymap());
  return out;
}

void AddVnc(const v1::Graphics& graphics, XenConfig* config) {
  AddNumber(config, "sdl", 0);
  AddNumber(config, "vnc", 1);
  const bool automatic = graphics.auto_port() || graphics.port() < 0 || !graphics.has_port();
  AddNumber(config, "vncunused", automatic);
  if (!automatic) AddNumber(config, "vncdisplay", graphics.port() - 5900);
  if (graphics.listens_size() > 0) AddText(config, "vnclisten", graphics.listens(0).address());
  AddText(config, "vncpasswd", graphics.password());
  AddText(config, "keymap", graphics.keymap());
}

absl::StatusOr<std::string> SerialText(const v1::CharacterDevice& device) {
  const v1::CharacterSource& source = device.source();
  if (device.type() == "pty" || device.type() == "stdio" || device.type() == "null") return device.type();
  if (device.type() == "dev") return source.path();
  if (device.type() == "file" || device.type() == "pipe") return absl::StrCat(device.type(), ":", source.path());
  if (device.type() == "tcp") {
    return absl::StrCat(source.protocol() == "telnet" ? "telnet" : "tcp", ":", source.host(), ":", source.service(),
                        source.mode() == "bind" ? ",server,nowait" : "");
  }
  return Error(v1::REASON_SPEC_UNSUPPORTED,
               absl::StrCat("a serial or parallel port of type ", device.type(), " cannot be expressed in the format"));
}

}  // namespace

// Settings stand in the order in which libvirt writes them.
absl::StatusOr<std::string> WriteXenXm(const v1::Domain& domain) {
  const v1::DomainSpec& spec = domain.spec();
  const v1::Devices& devices = spec.devices();
  const bool is_hvm = spec.os().type() == "hvm";
  if (devices.host_devices_size() > 0 || devices.channels_size() > 0 || devices.filesystems_size() > 0) {
    return Error(v1::REASON_SPEC_UNSUPPORTED, "the domain has a device that the format xen-xm cannot express");
  }
  XenConfig config;
  AddText(&config, "name", absl::string_view(domain.name()).substr(domain.name().rfind('/') + 1));
  AddText(&config, "uuid", domain.uid());
  AddNumber(&config, "maxmem", spec.memory_kib() / 1024);
  AddNumber(&config, "memory", (spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib()) / 1024);
  const uint32_t maximum = spec.vcpus() == 0 ? 1 : spec.vcpus();
  const uint32_t current = spec.cpu_placement().has_current() ? spec.cpu_placement().current() : maximum;
  if (current != maximum) AddNumber(&config, "maxvcpus", maximum);
  AddNumber(&config, "vcpus", current);
  AddText(&config, "cpus", spec.cpu_placement().cpuset());
  if (is_hvm) {
    AddNumber(&config, "pae", spec.features().pae());
    AddNumber(&config, "acpi", spec.features().acpi());
    AddNumber(&config, "apic", spec.features().apic());
    if (spec.features().has_hap() && !spec.features().hap()) AddNumber(&config, "hap", 0);
    AddNumber(&config, "viridian", spec.features().viridian());
  }
  AddClock(spec, is_hvm, &config);
  AddText(&config, "on_poweroff", Or(spec.lifecycle_actions().on_poweroff(), "destroy"));
  AddText(&config, "on_reboot", Or(spec.lifecycle_actions().on_reboot(), "restart"));
  AddText(&config, "on_crash", Or(spec.lifecycle_actions().on_crash(), "destroy"));
  if (is_hvm) AddText(&config, "device_model_override", devices.emulator());
  for (const v1::Graphics& graphics : devices.graphics()) {
    if (graphics.type() != "vnc" || devices.graphics_size() > 1) {
      return Error(v1::REASON_SPEC_UNSUPPORTED, "the domain has a display other than one VNC server");
    }
    if (is_hvm) {
      AddVnc(graphics, &config);
    } else {
      config.Add("vfb", XenConfigValue::List({XenConfigValue::String(VncText(graphics))}));
    }
  }
  std::vector<XenConfigValue> items;
  for (const v1::Interface& interface : devices.interfaces()) {
    auto text = WriteXenInterface(interface, XenDialect::kXm, is_hvm);
    if (!text.ok()) return text.status();
    items.push_back(XenConfigValue::String(*text));
  }
  if (!items.empty()) config.Add("vif", XenConfigValue::List(std::move(items)));
  if (is_hvm) {
    for (const bool serial : {false, true}) {
      const auto& ports = serial ? devices.serials() : devices.parallels();
      if (ports.size() > 1) return Error(v1::REASON_SPEC_UNSUPPORTED, "the domain has more than one port of a kind");
      std::string text = "none";
      if (!ports.empty()) {
        auto written = SerialText(ports[0]);
        if (!written.ok()) return written.status();
        text = *written;
      }
      AddText(&config, serial ? "serial" : "parallel", text);
    }
    std::string sounds;
    for (const v1::Sound& sound : devices.sounds()) absl::StrAppend(&sounds, sounds.empty() ? "" : ",", sound.model());
    AddText(&config, "soundhw", sounds);
    config.Add("builder", XenConfigValue::String("hvm"));
    AddText(&config, "kernel", spec.os().loader().path());
    std::string boot;
    for (const std::string& device : spec.os().boot_devices()) {
      boot += device == "fd" ? 'a' : device == "cdrom" ? 'd' : device == "network" ? 'n' : 'c';
    }
    AddText(&config, "boot", Or(boot, "c"));
  } else {
    AddText(&config, "bootloader", spec.os().bootloader());
    AddText(&config, "bootargs", spec.os().bootloader_arguments());
    AddText(&config, "kernel", spec.os().kernel());
    AddText(&config, "ramdisk", spec.os().initrd());
    AddText(&config, "extra", spec.os().command_line());
  }
  items.clear();
  for (const v1::Disk& disk : devices.disks()) {
    auto text = WriteXenDisk(disk, XenDialect::kXm);
    if (!text.ok()) return text.status();
    items.push_back(XenConfigValue::String(*text));
  }
  if (!items.empty()) config.Add("disk", XenConfigValue::List(std::move(items)));
  for (const v1::Input& input : devices.inputs()) {
    if (input.bus() != "usb" || !is_hvm) continue;
    AddNumber(&config, "usb", 1);
    AddText(&config, "usbdevice", input.type());
    break;
  }
  return WriteXenConfig(config);
}

}  // namespace reeve::formats
