#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_words.h"
#include "formats/spec_checker.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

using Device = v1::HostDevice;
using Filesystem = v1::Filesystem;

constexpr int kMaxDevices = 256;
// 2^63 bytes.
constexpr uint64_t kMaxKibibytes = (uint64_t{1} << 53) - 1;

void CheckSource(SpecChecker* check, const FieldPath& path, const Filesystem& filesystem) {
  const FieldPath source{&path, "source"};
  const FieldPath size{&path, "ram_size_kib"};
  if (filesystem.type() == Filesystem::TYPE_RAM) {
    if (!filesystem.source().empty()) check->Fail(source, "is not for a ram file system");
    check->Range(size, filesystem.ram_size_kib(), 1, kMaxKibibytes);
    return;
  }
  if (filesystem.ram_size_kib() != 0) check->Fail(size, "is only for a ram file system");
  if (!check->Required(source, filesystem.source())) return;
  if (filesystem.type() == Filesystem::TYPE_TEMPLATE) {
    check->Text(source, filesystem.source(), 256);
  } else {
    check->Path(source, filesystem.source());
  }
}

void CheckFilesystem(SpecChecker* check, const FieldPath& path, const Filesystem& filesystem) {
  if (!Filesystem::Type_IsValid(filesystem.type())) check->Fail({&path, "type"}, "is not known");
  if (!Filesystem::AccessMode_IsValid(filesystem.access_mode())) check->Fail({&path, "access_mode"}, "is not known");
  CheckSource(check, path, filesystem);
  check->Required({&path, "target"}, filesystem.target());
  check->Path({&path, "target"}, filesystem.target());
  check->Word({&path, "driver_type"}, filesystem.driver_type(), kFilesystemDriverTypes);
  check->Word({&path, "driver_format"}, filesystem.driver_format(), kImageFormats);
  check->Word({&path, "write_policy"}, filesystem.write_policy(), kWritePolicies);
  check->Range({&path, "space_hard_limit_kib"}, filesystem.space_hard_limit_kib(), 0, kMaxKibibytes);
  check->Range({&path, "space_soft_limit_kib"}, filesystem.space_soft_limit_kib(), 0, kMaxKibibytes);
}

void CheckConsoles(SpecChecker* check, const FieldPath& parent, const v1::Devices& devices) {
  if (!check->Count({&parent, "consoles"}, devices.consoles_size(), kMaxDevices)) return;
  std::set<uint32_t> ports;
  for (int i = 0; i < devices.consoles_size(); ++i) {
    const FieldPath path{&parent, "consoles", i};
    const v1::Console& console = devices.consoles(i);
    check->Word({&path, "type"}, console.type(), kConsoleTypes);
    check->Word({&path, "target_type"}, console.target_type(), kConsoleTargets);
    const uint32_t port = console.has_target_port() ? console.target_port() : i;
    check->Range({&path, "target_port"}, port, 0, kMaxDevices - 1);
    if (!ports.insert(port).second) check->Fail({&path, "target_port"}, "is that of another console");
  }
}

void CheckDisks(SpecChecker* check, const FieldPath& parent, const v1::Devices& devices) {
  if (!check->Count({&parent, "disks"}, devices.disks_size(), kMaxDevices)) return;
  std::set<std::string> targets;
  for (int i = 0; i < devices.disks_size(); ++i) {
    const FieldPath path{&parent, "disks", i};
    const v1::Disk& disk = devices.disks(i);
    check->Word({&path, "type"}, disk.type(), kDiskTypes);
    check->Word({&path, "device"}, disk.device(), kDiskDevices);
    // A drive may be empty.
    const bool elsewhere = disk.type() == "network" || disk.type() == "volume";
    if (disk.type() == "network" && !disk.has_network_source()) check->Fail({&path, "network_source"}, "is missing");
    if (disk.type() == "volume" && !disk.has_volume_source()) check->Fail({&path, "volume_source"}, "is missing");
    if (disk.device() != "cdrom" && disk.device() != "floppy" && !elsewhere)
      check->Required({&path, "source"}, disk.source());
    check->Path({&path, "source"}, disk.source());
    const FieldPath target{&path, "target_device"};
    const std::string& name = disk.target_device();
    if (check->Required(target, name) && check->Text(target, name, 64)) {
      if (absl::StrContains(name, '/') || name == "." || name == "..")
        check->Fail(target, "is not the name of a device");
      if (!targets.insert(name).second) check->Fail(target, "is that of another disk");
    }
    check->Text({&path, "target_bus"}, disk.target_bus(), 64);
    check->Text({&path, "driver_name"}, disk.driver_name(), 64);
    check->Word({&path, "driver_format"}, disk.driver_format(), kImageFormats);
    check->Word({&path, "driver_cache"}, disk.driver_cache(), kDiskCaches);
  }
}

void CheckUsb(SpecChecker* check, const FieldPath& parent, const v1::HostUsbDevice& usb) {
  const FieldPath path{&parent, "usb"};
  const bool by_id = usb.has_vendor() && usb.has_product();
  const bool by_place = usb.has_bus() && usb.has_device();
  if (usb.has_vendor() != usb.has_product()) check->Fail(path, "has only one of vendor and product");
  if (usb.has_bus() != usb.has_device()) check->Fail(path, "has only one of bus and device");
  if (!by_id && !by_place) check->Fail(path, "has neither vendor and product nor bus and device");
  if (usb.has_vendor()) check->Range({&path, "vendor"}, usb.vendor(), 1, 0xFFFF);
  if (usb.has_product()) check->Range({&path, "product"}, usb.product(), 0, 0xFFFF);
  if (usb.has_bus()) check->Range({&path, "bus"}, usb.bus(), 0, 255);
  if (usb.has_device()) check->Range({&path, "device"}, usb.device(), 1, 127);
  check->Word({&path, "startup_policy"}, usb.startup_policy(), kStartupPolicies);
}

void CheckHostDevices(SpecChecker* check, const FieldPath& parent, const v1::Devices& devices) {
  if (!check->Count({&parent, "host_devices"}, devices.host_devices_size(), kMaxDevices)) return;
  for (int i = 0; i < devices.host_devices_size(); ++i) {
    const FieldPath path{&parent, "host_devices", i};
    const Device& device = devices.host_devices(i);
    switch (device.device_case()) {
      case Device::kStorageBlock:
        check->Required({&path, "storage_block"}, device.storage_block());
        check->Path({&path, "storage_block"}, device.storage_block());
        break;
      case Device::kMiscCharacter:
        check->Required({&path, "misc_character"}, device.misc_character());
        check->Path({&path, "misc_character"}, device.misc_character());
        break;
      case Device::kNetwork: {
        const FieldPath network{&path, "network"};
        check->Required({&network, "interface"}, device.network().interface());
        check->NetworkDevice({&network, "interface"}, device.network().interface());
        CheckAddresses(check, network, "addresses", device.network().addresses());
        CheckRoutes(check, network, "routes", device.network().routes());
        break;
      }
      case Device::kUsb:
        CheckUsb(check, path, device.usb());
        break;
      case Device::kPci:
        check->Range({&path, "pci"}, device.pci().bus(), 0, 255);
        check->Range({&path, "pci"}, device.pci().slot(), 0, 31);
        check->Range({&path, "pci"}, device.pci().function(), 0, 7);
        break;
      case Device::DEVICE_NOT_SET:
        check->Fail(path, "is empty");
    }
  }
}

// What only a machine has, and a container cannot be given.
void CheckContainerDevices(SpecChecker* check, const FieldPath& parent, const v1::Devices& devices) {
  for (int i = 0; i < devices.consoles_size(); ++i) {
    const std::string& type = devices.consoles(i).type();
    const FieldPath path{&parent, "consoles", i};
    if (!type.empty() && type != "pty") check->Fail({&path, "type"}, "is not pty, the only type for a container");
  }
  for (int i = 0; i < devices.disks_size(); ++i) {
    const v1::Disk& disk = devices.disks(i);
    const FieldPath path{&parent, "disks", i};
    if (!disk.type().empty() && disk.type() != "file" && disk.type() != "block") {
      check->Fail({&path, "type"}, "is neither file nor block, the types for a container");
    }
  }
  for (int i = 0; i < devices.host_devices_size(); ++i) {
    if (devices.host_devices(i).has_pci()) check->Fail({&parent, "host_devices", i}, "is a PCI device in a container");
  }
  for (int i = 0; i < devices.interfaces_size(); ++i) {
    const FieldPath path{&parent, "interfaces", i};
    if (devices.interfaces(i).type() > v1::Interface::TYPE_DIRECT) {
      check->Fail({&path, "type"}, "is of a kind that a container cannot have");
    }
    if (!devices.interfaces(i).script().empty()) check->Fail({&path, "script"}, "is not for a container");
    if (!devices.interfaces(i).backend_domain().empty()) {
      check->Fail({&path, "backend_domain"}, "is not for a container");
    }
  }
}

}  // namespace

void CheckDevices(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  const FieldPath path{&parent, "devices"};
  if (spec.os().type().empty() || spec.os().type() == "exe") CheckContainerDevices(check, path, spec.devices());
  const v1::Devices& devices = spec.devices();
  check->Path({&path, "emulator"}, devices.emulator());
  if (check->Count({&path, "filesystems"}, devices.filesystems_size(), kMaxDevices)) {
    for (int i = 0; i < devices.filesystems_size(); ++i) {
      CheckFilesystem(check, {&path, "filesystems", i}, devices.filesystems(i));
    }
  }
  if (check->Count({&path, "interfaces"}, devices.interfaces_size(), kMaxDevices)) {
    CheckInterfaces(check, path, devices);
  }
  CheckConsoles(check, path, devices);
  CheckDisks(check, path, devices);
  CheckHostDevices(check, path, devices);
}

}  // namespace reeve::formats
