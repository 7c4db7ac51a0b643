// Ports, channels, input, sound, controllers and host devices of a domain.
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/xen/config_sections.h"

namespace reeve::xen {
namespace {

constexpr int kUsbPorts = 8;  // of a controller (xl.cfg(5), usbctrl)

// The argument of QEMU's -serial.
std::string SerialArgument(const ConfigContext& context, const v1::CharacterDevice& device, const std::string& field) {
  const v1::CharacterSource& source = device.source();
  const std::string& type = device.type();
  const std::string server = source.mode() == "bind" ? ",server,nowait" : "";
  if (type.empty() || type == "pty") return "pty";
  if (type == "null" || type == "vc" || type == "stdio") return type;
  if (type == "dev") return source.path();
  if (type == "file" || type == "pipe") return absl::StrCat(type, ":", source.path());
  if (type == "unix") return absl::StrCat("unix:", source.path(), server);
  if (type == "tcp") {
    return absl::StrCat(source.protocol() == "telnet" ? "telnet" : "tcp", ":", source.host(), ":", source.service(),
                        server);
  }
  if (type == "udp") {
    return absl::StrCat("udp:", source.host(), ":", source.service(), "@", source.bind_host(), ":",
                        source.bind_service());
  }
  context.violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", type, "'"));
  return "null";
}

void AddChannels(const ConfigContext& context) {
  const auto& channels = context.spec.devices().channels();
  for (int i = 0; i < channels.size(); ++i) {
    const v1::CharacterDevice& channel = channels[i];
    const std::string field = absl::StrCat("devices.channels[", i, "]");
    libxl_device_channel* const out = AppendElement(&context.config->channels, &context.config->num_channels);
    context.library.libxl_device_channel_init(out);
    out->devid = i;
    if (channel.target_type() != "xen") {
      context.violations->Unsupported(absl::StrCat(field, ".target_type"),
                                      absl::StrCat("'", channel.target_type(), "' is not \"xen\""));
    }
    if (channel.target_name().empty()) context.violations->Invalid(absl::StrCat(field, ".target_name"), "is missing");
    out->name = CopyText(channel.target_name());
    if (channel.type().empty() || channel.type() == "pty") {
      out->connection = LIBXL_CHANNEL_CONNECTION_PTY;
    } else if (channel.type() == "unix") {
      out->connection = LIBXL_CHANNEL_CONNECTION_SOCKET;
      out->u.socket.path = CopyText(channel.source().path());
    } else {
      context.violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", channel.type(), "'"));
    }
  }
}

void SetController(const ConfigContext& context, const v1::Controller& controller, const std::string& field) {
  if (controller.type() == "xenbus") {
    if (controller.has_maximum_grant_frames()) context.build().max_grant_frames = controller.maximum_grant_frames();
    if (controller.has_maximum_event_channels()) context.build().event_channels = controller.maximum_event_channels();
  } else if (controller.type() == "usb") {
    if (controller.model().empty()) return;  // the emulated one that libvirt implies
    libxl_device_usbctrl* const out = AppendElement(&context.config->usbctrls, &context.config->num_usbctrls);
    context.library.libxl_device_usbctrl_init(out);
    out->type = LIBXL_USBCTRL_TYPE_QUSB;
    out->version = controller.model() == "qusb1" ? 1 : 2;
    out->ports = controller.has_ports() ? static_cast<int>(controller.ports()) : kUsbPorts;
    if (controller.has_index()) out->devid = static_cast<int>(controller.index());
    if (controller.model() != "qusb1" && controller.model() != "qusb2") {
      context.violations->Unsupported(absl::StrCat(field, ".model"), absl::StrCat("'", controller.model(), "'"));
    }
  } else if (controller.type() == "ide" || controller.type() == "fdc" || controller.type() == "scsi") {
    if (!context.hvm()) context.violations->Unsupported(absl::StrCat(field, ".type"), "is of HVM only");
    // What the emulator has anyway.
  } else {
    context.violations->Unsupported(absl::StrCat(field, ".type"), absl::StrCat("'", controller.type(), "'"));
  }
}

// Those that USB devices of the host need where the specification has none. A PV or PVH guest gets its QEMU, which is
// the back end, at its start or never; of an HVM guest that starts with a device, libxenlight 4.17 forgets the
// controller that it has chosen for it.
void AddUsbControllers(const ConfigContext& context) {
  if (context.config->num_usbctrls > 0) return;
  for (int i = 0; i * kUsbPorts < context.config->num_usbdevs; ++i) {
    libxl_device_usbctrl* const out = AppendElement(&context.config->usbctrls, &context.config->num_usbctrls);
    context.library.libxl_device_usbctrl_init(out);
    out->type = context.hvm() ? LIBXL_USBCTRL_TYPE_DEVICEMODEL : LIBXL_USBCTRL_TYPE_QUSB;
    out->version = context.hvm() ? 3 : 2;  // of the emulated ones only that of USB 3 takes devices of all speeds
    out->ports = kUsbPorts;
  }
}

}  // namespace

void SetCharacterDevices(const ConfigContext& context) {
  const v1::Devices& devices = context.spec.devices();
  if (!context.hvm() && !devices.serials().empty()) {
    context.violations->Unsupported("devices.serials", "are of HVM only; PV and PVH have consoles");
  } else if (devices.serials_size() == 1) {
    context.build().u.hvm.serial = CopyText(SerialArgument(context, devices.serials(0), "devices.serials[0]"));
  } else {
    for (int i = 0; i < devices.serials_size(); ++i) {
      context.build().u.hvm.serial_list =
          AppendText(context.build().u.hvm.serial_list,
                     SerialArgument(context, devices.serials(i), absl::StrCat("devices.serials[", i, "]")));
    }
  }
  if (!devices.parallels().empty()) context.violations->Unsupported("devices.parallels", "Xen has no parallel ports");
  for (int i = 0; i < devices.consoles_size(); ++i) {
    const v1::Console& console = devices.consoles(i);
    const std::string field = absl::StrCat("devices.consoles[", i, "]");
    if (i > 0) context.violations->Unsupported(field, "Xen gives one console");
    if (console.target_type() == "serial") continue;  // the first serial port under its other name
    if (!console.type().empty() && console.type() != "pty") {
      context.violations->Unsupported(absl::StrCat(field, ".type"),
                                      absl::StrCat("'", console.type(), "' is not \"pty\""));
    }
  }
  AddChannels(context);
}

void SetHardware(const ConfigContext& context) {
  const v1::Devices& devices = context.spec.devices();
  for (int i = 0; i < devices.inputs_size(); ++i) {
    const v1::Input& input = devices.inputs(i);
    const std::string field = absl::StrCat("devices.inputs[", i, "]");
    if (input.type() == "passthrough") context.violations->Unsupported(absl::StrCat(field, ".type"), "'passthrough'");
    if (input.bus() != "usb") continue;  // PS/2 and Xen's own are there with the display
    if (!context.hvm()) {
      context.violations->Unsupported(absl::StrCat(field, ".bus"), "'usb' is of HVM only");
    } else {
      context.library.libxl_defbool_set(&context.build().u.hvm.usb, true);
      context.build().u.hvm.usbdevice_list = AppendText(context.build().u.hvm.usbdevice_list, input.type());
    }
  }
  if (devices.sounds_size() > 0) {
    if (!context.hvm()) {
      context.violations->Unsupported("devices.sounds", "are of HVM only");
    } else {
      context.build().u.hvm.soundhw = CopyText(devices.sounds(0).model());
      if (devices.sounds_size() > 1) context.violations->Unsupported("devices.sounds", "Xen gives one card");
    }
  }
  for (int i = 0; i < devices.controllers_size(); ++i) {
    SetController(context, devices.controllers(i), absl::StrCat("devices.controllers[", i, "]"));
  }
}

void AddHostDevices(const ConfigContext& context) {
  const auto& host_devices = context.spec.devices().host_devices();
  for (int i = 0; i < host_devices.size(); ++i) {
    const v1::HostDevice& device = host_devices[i];
    const std::string field = absl::StrCat("devices.host_devices[", i, "]");
    if (device.has_pci()) {
      libxl_device_pci* const out = AppendElement(&context.config->pcidevs, &context.config->num_pcidevs);
      context.library.libxl_device_pci_init(out);
      out->domain = static_cast<int>(device.pci().domain());
      out->bus = static_cast<uint8_t>(device.pci().bus());
      out->dev = static_cast<uint8_t>(device.pci().slot());
      out->func = static_cast<uint8_t>(device.pci().function());
      out->permissive = device.pci().has_write_filtering() && !device.pci().write_filtering();
      out->seize = device.pci().managed();
      if (!device.pci().driver_name().empty() && device.pci().driver_name() != "xen") {
        context.violations->Unsupported(absl::StrCat(field, ".pci.driver_name"), "is not \"xen\"");
      }
    } else if (device.has_usb()) {
      libxl_device_usbdev* const out = AppendElement(&context.config->usbdevs, &context.config->num_usbdevs);
      context.library.libxl_device_usbdev_init(out);
      out->type = LIBXL_USBDEV_TYPE_HOSTDEV;
      out->u.hostdev.hostbus = static_cast<uint8_t>(device.usb().bus());
      out->u.hostdev.hostaddr = static_cast<uint8_t>(device.usb().device());
      const bool by_address = device.usb().has_bus() && device.usb().has_device();
      if (!by_address && !device.usb().has_vendor()) {
        context.violations->Invalid(absl::StrCat(field, ".usb"), "names neither bus and device nor a vendor");
      }
    } else {
      context.violations->Unsupported(field, "is neither a PCI nor a USB device");
    }
  }
  AddUsbControllers(context);
}

}  // namespace reeve::xen
