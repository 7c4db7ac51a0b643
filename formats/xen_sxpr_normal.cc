#include "formats/xen_sxpr_normal.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_defaults.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr uint64_t kKibPerMib = 1024;

uint64_t RoundUp(uint64_t kib) {
  return (kib / kKibPerMib + (kib % kKibPerMib == 0 ? 0 : 1)) * kKibPerMib;
}

void NormalizeSize(v1::DomainSpec* spec) {
  if (!spec->has_current_memory_kib()) spec->set_current_memory_kib(spec->memory_kib());
  spec->set_memory_kib(RoundUp(spec->memory_kib()));
  spec->set_current_memory_kib(RoundUp(spec->current_memory_kib()));
  if (spec->vcpus() == 0) spec->set_vcpus(1);
  v1::CpuPlacement* placement = spec->mutable_cpu_placement();
  if (placement->mode() == "static") placement->clear_mode();
  if (placement->current() == spec->vcpus()) placement->clear_current();
  if (placement->ByteSizeLong() == 0) spec->clear_cpu_placement();
  if (spec->network_mode() == v1::NETWORK_MODE_PRIVATE) spec->clear_network_mode();
}

void NormalizeOs(v1::DomainSpec* spec) {
  v1::OperatingSystem* os = spec->mutable_os();
  if (os->type().empty() || os->type() == "xen") os->set_type("linux");
  if (os->type() == "hvm" && os->boot_devices().empty()) os->add_boot_devices("hd");
  if (os->has_loader() && !os->loader().path().empty() && os->loader().type().empty()) {
    os->mutable_loader()->set_type("rom");
  }
  // xend finds out by itself. On x86_64 libvirt gives every HVM guest PAE.
  if (os->type() == "hvm" && os->architecture() != "i686" && !spec->features().has_pae()) {
    spec->mutable_features()->set_pae(true);
  }
  for (const char* machine : {"xenpv", "xenfv", "xenner"}) {
    if (os->machine() == machine) os->clear_machine();
  }
  if (os->architecture() == "x86_64" || os->architecture() == "i686") os->clear_architecture();

  v1::Features* features = spec->mutable_features();
  if (!features->acpi()) features->clear_acpi();
  if (!features->apic()) features->clear_apic();
  if (!features->pae()) features->clear_pae();
  if (!features->hap()) features->clear_hap();
  if (!features->viridian()) features->clear_viridian();
  if (features->ByteSizeLong() == 0) spec->clear_features();
}

void NormalizeTime(v1::DomainSpec* spec) {
  v1::Clock* clock = spec->mutable_clock();
  if (clock->offset().empty()) clock->set_offset("utc");
  const bool fixed = clock->offset() == "utc" || clock->offset() == "localtime";
  if (spec->os().type() == "hvm") {
    if (fixed && clock->adjustment().empty()) {
      clock->set_basis(clock->offset());
      clock->set_offset("variable");
    }
    if (clock->offset() == "variable" && clock->adjustment().empty()) clock->set_adjustment("0");
    if (clock->offset() == "variable" && clock->basis().empty()) clock->set_basis("utc");
  } else if (fixed && clock->adjustment().empty()) {
    clock->set_adjustment("reset");
  }
  v1::LifecycleActions* actions = spec->mutable_lifecycle_actions();
  if (actions->on_poweroff().empty()) actions->set_on_poweroff("destroy");
  if (actions->on_reboot().empty()) actions->set_on_reboot("restart");
  if (actions->on_crash().empty()) actions->set_on_crash("destroy");
}

void NormalizeDisk(bool hvm, v1::Disk* disk) {
  if (disk->type().empty()) disk->set_type("file");
  if (disk->device().empty()) disk->set_device("disk");
  if (disk->startup_policy() == "mandatory") disk->clear_startup_policy();
  if (disk->target_tray() == "closed") disk->clear_target_tray();
  if (absl::StartsWith(disk->target_device(), "ioemu:")) disk->set_target_device(disk->target_device().substr(6));
  const bool block = disk->type() == "block";
  if (block && !disk->source().empty() && !absl::StartsWith(disk->source(), "/")) {
    disk->set_source(absl::StrCat("/dev/", disk->source()));
  }
  if (hvm && disk->device() == "floppy") {
    // Of a floppy xend knows no more than the file.
    if (disk->driver_name() == "file") disk->clear_driver_name();
    return;
  }
  if (disk->device() == "cdrom") disk->set_read_only(true);
  if (disk->source().empty()) {
    // Without a medium there is no telling what kind of source it is of.
    disk->clear_driver_name();
    if (block) disk->set_type("file");
  } else if (disk->driver_name().empty() && (block || disk->type() == "file")) {
    disk->set_driver_name(block ? "phy" : "file");
  }
}

void NormalizeDisks(bool hvm, v1::Devices* devices) {
  for (v1::Disk& disk : *devices->mutable_disks()) NormalizeDisk(hvm, &disk);
  // xbus is one of Xen's newer ways, and xend gives every HVM guest a USB controller.
  auto* controllers = devices->mutable_controllers();
  for (int i = controllers->size(); i-- > 0;) {
    v1::Controller plain = (*controllers)[i];
    const bool implied = plain.type() == "xenbus" || (hvm && plain.type() == "usb");
    plain.clear_type();
    if (plain.index() == 0) plain.clear_index();
    if (implied && plain.ByteSizeLong() == 0) controllers->DeleteSubrange(i, 1);
  }
}

void NormalizeInterface(v1::Interface* interface) {
  if (interface->type() == v1::Interface::TYPE_BRIDGE && interface->script().empty()) {
    interface->set_script("vif-bridge");
  }
  if (absl::StartsWith(interface->target_device(), "vif")) interface->clear_target_device();
  if (interface->link_up()) interface->clear_link_up();
}

void NormalizeGraphics(v1::Graphics* graphics) {
  if (graphics->type() != "vnc") return;
  if (graphics->listens().empty()) graphics->add_listens()->set_type("address");
  const bool automatic = graphics->auto_port() || graphics->port() <= 0;
  if (automatic) graphics->set_port(-1);
  graphics->set_auto_port(automatic);
}

void NormalizePort(v1::CharacterDevice* port, int place) {
  if (port->type().empty()) port->set_type("pty");
  if (!port->has_target_port()) port->set_target_port(static_cast<uint32_t>(place));
  if (port->target_type() == "isa-serial") port->clear_target_type();
  if (port->target_model() == "isa-serial") port->clear_target_model();
  const bool stream = port->type() == "tcp" || port->type() == "unix";
  v1::CharacterSource* source = port->mutable_source();
  if (stream && source->mode().empty()) source->set_mode("connect");
  if (port->type() == "tcp" && source->protocol().empty()) source->set_protocol("raw");
  if (!source->append()) source->clear_append();
  if (source->ByteSizeLong() == 0) port->clear_source();
}

void NormalizeInputs(bool hvm, v1::Devices* devices) {
  for (v1::Input& input : *devices->mutable_inputs()) {
    if (input.bus().empty()) input.set_bus(input.type() == "tablet" ? "usb" : hvm ? "ps2" : "xen");
  }
  // Those of USB are said, the others follow.
  std::stable_sort(devices->mutable_inputs()->begin(), devices->mutable_inputs()->end(),
                   [](const v1::Input& a, const v1::Input& b) { return a.bus() == "usb" && b.bus() != "usb"; });
}

}  // namespace

v1::Domain NormalXenSxprDomain(v1::Domain domain) {
  v1::DomainSpec* spec = domain.mutable_spec();
  v1::Devices* devices = spec->mutable_devices();
  NormalizeSize(spec);
  NormalizeOs(spec);
  NormalizeTime(spec);
  const bool hvm = spec->os().type() == "hvm";
  NormalizeDisks(hvm, devices);
  for (v1::Interface& interface : *devices->mutable_interfaces()) NormalizeInterface(&interface);
  for (v1::Graphics& graphics : *devices->mutable_graphics()) NormalizeGraphics(&graphics);
  for (v1::HostDevice& device : *devices->mutable_host_devices()) {
    if (device.pci().driver_name() == "xen") device.mutable_pci()->clear_driver_name();
  }
  for (int i = 0; i < devices->serials_size(); ++i) NormalizePort(devices->mutable_serials(i), i);
  for (int i = 0; i < devices->parallels_size(); ++i) NormalizePort(devices->mutable_parallels(i), i);
  for (int i = 0; i < devices->consoles_size(); ++i) {
    v1::Console* console = devices->mutable_consoles(i);
    if (console->type().empty()) console->set_type("pty");
    if (console->target_type().empty()) console->set_target_type(hvm ? "serial" : "xen");
    if (!console->has_target_port()) console->set_target_port(static_cast<uint32_t>(i));
  }
  AddXendDefaults(spec);
  NormalizeInputs(hvm, devices);
  if (hvm) {
    std::stable_partition(devices->mutable_disks()->begin(), devices->mutable_disks()->end(),
                          [](const v1::Disk& disk) { return disk.device() != "floppy"; });
  }
  return domain;
}

}  // namespace reeve::formats
