#include "formats/xen_defaults.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "formats/disk_target.h"
#include "formats/domain_defaults.h"

namespace reeve::formats {
namespace {

constexpr uint64_t kXenVideoKib = 4 * 1024;
constexpr uint64_t kCirrusVideoKib = 8 * 1024;
constexpr uint64_t kVgaVideoKib = 16 * 1024;
constexpr uint64_t kQxlVideoKib = 128 * 1024;

void AddMachine(v1::OperatingSystem* os) {
  if (os->type().empty()) os->set_type("linux");
  if (os->architecture().empty()) os->set_architecture("x86_64");
  if (os->machine().empty()) {
    os->set_machine(os->type() == "hvm" ? "xenfv" : os->type() == "xenpvh" ? "xenpvh" : "xenpv");
  }
  if (os->has_loader() && !os->loader().path().empty() && os->loader().type().empty()) {
    os->mutable_loader()->set_type("rom");
  }
}

absl::string_view BusOfTarget(absl::string_view target) {
  if (absl::StartsWith(target, "fd")) return "fdc";
  if (absl::StartsWith(target, "hd")) return "ide";
  if (absl::StartsWith(target, "sd")) return "scsi";
  if (absl::StartsWith(target, "vd")) return "virtio";
  if (absl::StartsWith(target, "xvd")) return "xen";
  return "";
}

// Where the disk of a name is on its controllers (virDomainDiskDefAssignAddress; SCSI is narrow).
void AddDiskAddress(v1::Disk* disk) {
  const auto index = IndexOfDiskTarget(disk->target_device());
  if (disk->has_address() || disk->has_bus_address() || !index) return;
  const std::string& bus = disk->target_bus();
  const uint32_t units = bus == "ide" ? 2 : bus == "fdc" ? 2 : bus == "sata" ? 6 : bus == "scsi" ? 7 : 0;
  if (units == 0) return;
  const uint32_t buses = bus == "ide" ? 2 : 1;
  v1::DriveAddress* address = disk->mutable_address();
  address->set_controller(*index / (units * buses));
  address->set_bus(*index / units % buses);
  address->set_target(0);
  address->set_unit(*index % units);
}

void AddDiskDefaults(v1::Devices* devices) {
  for (v1::Disk& disk : *devices->mutable_disks()) {
    if (disk.type() == "network" && disk.driver_name().empty()) disk.set_driver_name("qemu");
    if (disk.driver_format().empty() || disk.driver_format() == "none") disk.set_driver_format("raw");
    if (disk.target_bus().empty()) disk.set_target_bus(std::string(BusOfTarget(disk.target_device())));
    if (disk.device() == "cdrom") disk.set_read_only(true);
    AddDiskAddress(&disk);
  }
}

void AddHostDeviceDrivers(v1::Devices* devices) {
  for (v1::HostDevice& device : *devices->mutable_host_devices()) {
    if (device.has_pci() && device.pci().driver_name().empty()) device.mutable_pci()->set_driver_name("xen");
  }
}

void AddVideo(bool hvm, bool pv, v1::Devices* devices) {
  if (!devices->graphics().empty() && devices->videos().empty()) {
    v1::Video* video = devices->add_videos();
    video->set_heads(1);
    video->set_primary(true);
  }
  for (v1::Video& video : *devices->mutable_videos()) {
    if (video.model().empty()) video.set_model(pv ? "xen" : "cirrus");
    if (video.has_vram_kib()) continue;
    const std::string& model = video.model();
    if (model == "cirrus") video.set_vram_kib(hvm ? kCirrusVideoKib : kVgaVideoKib);
    if (model == "vga") video.set_vram_kib(kVgaVideoKib);
    if (model == "xen") video.set_vram_kib(hvm ? kVgaVideoKib : kXenVideoKib);
    if (model == "qxl") video.set_vram_kib(hvm ? kQxlVideoKib : kVgaVideoKib);
  }
}

// A PV guest has a console; that of an HVM guest is its first serial port, and each is made of the other.
void AddConsole(bool hvm, v1::Devices* devices) {
  for (v1::Console& console : *devices->mutable_consoles()) {
    if (console.target_type().empty()) console.set_target_type(hvm ? "serial" : "xen");
  }
  if (hvm && devices->serials().empty() && !devices->consoles().empty() &&
      devices->consoles(0).target_type() == "serial") {
    const v1::Console& console = devices->consoles(0);
    v1::CharacterDevice* serial = devices->add_serials();
    serial->set_type(console.type());
    if (console.has_source()) *serial->mutable_source() = console.source();
    serial->set_target_port(0);
  }
  if (!devices->consoles().empty()) return;
  if (!hvm) {
    v1::Console* console = devices->add_consoles();
    console->set_type("pty");
    console->set_target_type("xen");
    console->set_target_port(0);
  } else if (!devices->serials().empty()) {
    const v1::CharacterDevice& serial = devices->serials(0);
    v1::Console* console = devices->add_consoles();
    console->set_type(serial.type());
    if (serial.has_source()) *console->mutable_source() = serial.source();
    console->set_target_type("serial");
    console->set_target_port(serial.target_port());
  }
}

void AddInput(const char* type, const char* bus, v1::Devices* devices) {
  const auto& inputs = devices->inputs();
  const bool there = std::any_of(inputs.begin(), inputs.end(),
                                 [&](const v1::Input& input) { return input.type() == type && input.bus() == bus; });
  if (there) return;
  v1::Input* input = devices->add_inputs();
  input->set_type(type);
  input->set_bus(bus);
}

void AddXenbus(v1::Devices* devices) {
  const auto& controllers = devices->controllers();
  const bool there = std::any_of(controllers.begin(), controllers.end(),
                                 [](const v1::Controller& controller) { return controller.type() == "xenbus"; });
  if (there) return;
  v1::Controller* controller = devices->add_controllers();
  controller->set_type("xenbus");
  controller->set_index(0);
}

void AddInputs(bool hvm, v1::Devices* devices) {
  AddInput("mouse", hvm ? "ps2" : "xen", devices);
  AddInput("keyboard", hvm ? "ps2" : "xen", devices);
}

}  // namespace

void AddXenDefaults(v1::DomainSpec* spec) {
  AddMachine(spec->mutable_os());
  const bool hvm = IsXenHvm(*spec);
  const bool pv = !hvm && spec->os().type() != "xenpvh";
  v1::Devices* devices = spec->mutable_devices();
  AddDiskDefaults(devices);
  AddHostDeviceDrivers(devices);
  AddConsole(hvm, devices);
  AddInputs(hvm, devices);
  if (hvm && spec->os().architecture() == "x86_64") {
    spec->mutable_features()->set_pae(true);
    if (!spec->cpu().numa_cells().empty()) spec->mutable_features()->set_acpi(true);
  }
  if (!devices->has_memory_balloon()) devices->mutable_memory_balloon()->set_model("xen");
  AddXenbus(devices);
  AddVideo(hvm, pv, devices);
  AddLibvirtDefaults(spec);
}

void AddXendDefaults(v1::DomainSpec* spec) {
  const bool hvm = IsXenHvm(*spec);
  v1::Devices* devices = spec->mutable_devices();
  if (hvm && spec->os().boot_devices().empty()) spec->mutable_os()->add_boot_devices("hd");
  AddDiskDefaults(devices);
  AddConsole(hvm, devices);
  AddInputs(hvm, devices);
  if (!devices->has_memory_balloon()) devices->mutable_memory_balloon()->set_model("xen");
  AddVideo(hvm, !hvm, devices);
  AddLibvirtDefaults(spec);
}

}  // namespace reeve::formats
