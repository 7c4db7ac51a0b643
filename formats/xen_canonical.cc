#include "formats/xen_canonical.h"

#include <algorithm>
#include <string>

#include "formats/number_set.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

void SetDefault(const char* value, std::string* text) {
  if (text->empty()) *text = value;
}

void SettleOs(v1::OperatingSystem* os) {
  if (os->type() == "xen") os->set_type("linux");
  if (!os->acpi_table().empty()) SetDefault("slic", os->mutable_acpi_table_type());
}

void SettleFirmware(v1::OperatingSystem* os) {
  v1::Loader* loader = os->mutable_loader();
  if (os->firmware() == "efi" && loader->path().empty()) {
    loader->set_path(std::string(kXenUefiLoader));
    loader->set_type("pflash");
    os->clear_firmware();
  }
  if (loader->path().empty()) loader->set_path(std::string(kXenLoader));
  SetDefault("rom", loader->mutable_type());
  if (loader->type() == "pflash" && !loader->has_read_only()) loader->set_read_only(true);
  if (os->boot_devices().empty()) os->add_boot_devices("hd");
}

void SettleResources(v1::DomainSpec* spec) {
  if (spec->vcpus() == 0) spec->set_vcpus(1);
  if (!spec->has_current_memory_kib()) spec->set_current_memory_kib(spec->memory_kib());
  v1::CpuPlacement* placement = spec->mutable_cpu_placement();
  if (placement->mode() == "static") placement->clear_mode();
  if (placement->current() == spec->vcpus()) placement->clear_current();
  if (!placement->cpuset().empty()) placement->set_cpuset(NormalNumberSet(placement->cpuset()));
  for (v1::CpuPin& pin : *spec->mutable_cpu_tuning()->mutable_vcpu_pins()) {
    pin.set_cpuset(NormalNumberSet(pin.cpuset()));
  }
  SetDefault("destroy", spec->mutable_lifecycle_actions()->mutable_on_poweroff());
  SetDefault("restart", spec->mutable_lifecycle_actions()->mutable_on_reboot());
  SetDefault("destroy", spec->mutable_lifecycle_actions()->mutable_on_crash());
}

// Off is the default of all but hap, where it is on.
void SettleFeatures(v1::Features* features) {
  if (!features->acpi()) features->clear_acpi();
  if (!features->apic()) features->clear_apic();
  if (!features->viridian()) features->clear_viridian();
  if (features->hap()) features->clear_hap();
  if (!features->xen().e820_host()) features->mutable_xen()->clear_e820_host();
}

void SettleClock(bool hvm, v1::Clock* clock) {
  SetDefault("utc", clock->mutable_offset());
  const std::string offset = clock->offset();
  if (!hvm) {
    if (offset == "utc" || offset == "localtime") SetDefault("reset", clock->mutable_adjustment());
  } else if ((offset == "utc" || offset == "localtime") && clock->adjustment().empty()) {
    clock->set_offset("variable");
    clock->set_basis(offset);
  }
  if (clock->offset() == "variable") {
    SetDefault("0", clock->mutable_adjustment());
    SetDefault("utc", clock->mutable_basis());
  }
  for (v1::ClockTimer& timer : *clock->mutable_timers()) {
    if (timer.name() != "tsc" && timer.name() != "hpet") continue;
    if (!timer.has_present()) timer.set_present(true);
    if (timer.name() == "tsc") SetDefault("auto", timer.mutable_mode());
  }
  std::stable_sort(clock->mutable_timers()->begin(), clock->mutable_timers()->end(),
                   [](const v1::ClockTimer& left, const v1::ClockTimer& right) {
                     return left.name() == "tsc" && right.name() != "tsc";
                   });
}

// Whether a guest may have guests is one feature for Xen, and on unless it is said to be off.
void SettleCpu(v1::Cpu* cpu) {
  FillXenDistances(cpu);
  for (int i = 0; i < cpu->numa_cells_size(); ++i) {
    v1::NumaCell* cell = cpu->mutable_numa_cells(i);
    if (!cell->has_id()) cell->set_id(static_cast<uint32_t>(i));
    cell->set_cpus(NormalNumberSet(cell->cpus()));
  }
  if (cpu->mode() != "host-passthrough") return;
  if (cpu->check() == "none") cpu->clear_check();
  v1::Cpu sorted = *cpu;
  sorted.clear_features();
  bool nesting = true;
  for (v1::CpuFeature& feature : *cpu->mutable_features()) {
    if (feature.policy() == "forbid") feature.set_policy("disable");
    if (feature.policy() == "require" || feature.policy().empty()) feature.set_policy("force");
    if (feature.name() != "vmx" && feature.name() != "svm") continue;
    if (feature.policy() == "disable") nesting = false;
  }
  if (!nesting) {
    v1::CpuFeature* feature = sorted.add_features();
    feature->set_name("vmx");
    feature->set_policy("disable");
  }
  for (const v1::CpuFeature& feature : cpu->features()) {
    if (feature.name() != "vmx" && feature.name() != "svm") *sorted.add_features() = feature;
  }
  *cpu = std::move(sorted);
}

void SettleGraphics(v1::Graphics* graphics) {
  if (graphics->type() == "sdl") {
    if (!graphics->full_screen()) graphics->clear_full_screen();
    return;
  }
  if (graphics->listens().empty()) graphics->add_listens();
  SetDefault("address", graphics->mutable_listens(0)->mutable_type());
  graphics->set_auto_port(graphics->auto_port());
  if (graphics->port() == 0) graphics->clear_port();
  if (graphics->tls_port() == 0) graphics->clear_tls_port();
  if (graphics->type() == "vnc" && graphics->auto_port()) graphics->set_port(-1);
  if (graphics->type() != "spice") return;
  SetDefault("server", graphics->mutable_mouse_mode());
  graphics->set_copy_paste(graphics->copy_paste());
}

void SettleInterface(v1::Interface* interface) {
  if (interface->type() == v1::Interface::TYPE_UNSPECIFIED) interface->set_type(v1::Interface::TYPE_ETHERNET);
  if (interface->type() != v1::Interface::TYPE_BRIDGE) return;
  const bool open_vswitch = interface->virtual_port().type() == "openvswitch";
  SetDefault(open_vswitch ? "vif-openvswitch" : "vif-bridge", interface->mutable_script());
  if (interface->vlan().tags_size() > 1) interface->mutable_vlan()->set_trunk(true);
}

void SettleDisk(XenDialect dialect, v1::Disk* disk) {
  SetDefault("file", disk->mutable_type());
  SetDefault("disk", disk->mutable_device());
  if (dialect == XenDialect::kXl) {
    if (disk->driver_name() == "file") disk->set_driver_name("qemu");
    if (disk->type() != "network") SetDefault(disk->type() == "block" ? "phy" : "qemu", disk->mutable_driver_name());
    return;
  }
  if (disk->source().empty()) {
    // Without a medium it does not matter where it would come from.
    disk->set_type("block");
    disk->set_driver_name("phy");
  }
  SetDefault(disk->type() == "block" ? "phy" : "file", disk->mutable_driver_name());
}

void SettleSource(const std::string& type, v1::CharacterSource* source) {
  if (type == "tcp") SetDefault("raw", source->mutable_protocol());
  if (type == "tcp" || type == "unix") SetDefault("connect", source->mutable_mode());
}

void SettlePorts(v1::Devices* devices) {
  for (auto* ports : {devices->mutable_serials(), devices->mutable_parallels()}) {
    uint32_t place = 0;
    for (v1::CharacterDevice& port : *ports) {
      SetDefault("pty", port.mutable_type());
      if (!port.has_target_port()) port.set_target_port(place);
      ++place;
      SettleSource(port.type(), port.mutable_source());
      // The only kind that there is.
      if (port.target_type() == "isa-serial") port.clear_target_type();
      if (port.target_model() == "isa-serial") port.clear_target_model();
    }
  }
  for (v1::CharacterDevice& channel : *devices->mutable_channels()) SetDefault("pty", channel.mutable_type());
  for (v1::Console& console : *devices->mutable_consoles()) {
    SetDefault("pty", console.mutable_type());
    SettleSource(console.type(), console.mutable_source());
    if (!console.has_target_port()) console.set_target_port(0);
  }
}

int OrderOf(const v1::Controller& controller) {
  return controller.type() == "xenbus" ? 0 : controller.type() == "usb" ? 1 : 2;
}

void SettleControllers(v1::Devices* devices) {
  uint32_t usb = 0;
  for (v1::Controller& controller : *devices->mutable_controllers()) {
    if (controller.type() != "usb") {
      if (!controller.has_index() && controller.type() == "xenbus") controller.set_index(0);
      continue;
    }
    if (!controller.has_index()) controller.set_index(usb);
    ++usb;
    SetDefault("qusb2", controller.mutable_model());
    if (!controller.has_ports()) controller.set_ports(8);
  }
  std::stable_sort(devices->mutable_controllers()->begin(), devices->mutable_controllers()->end(),
                   [](const v1::Controller& left, const v1::Controller& right) {
                     return OrderOf(left) != OrderOf(right) ? OrderOf(left) < OrderOf(right)
                                                            : left.type() < right.type();
                   });
}

// The order of the configuration: those of PCI before those of USB, those that every guest has last.
void OrderDevices(bool hvm, v1::Devices* devices) {
  std::stable_sort(
      devices->mutable_host_devices()->begin(), devices->mutable_host_devices()->end(),
      [](const v1::HostDevice& left, const v1::HostDevice& right) { return left.has_pci() && !right.has_pci(); });
  const char* bus = hvm ? "ps2" : "xen";
  const auto implied = [&](const v1::Input& input) {
    return input.bus() != bus ? 0 : input.type() == "mouse" ? 1 : input.type() == "keyboard" ? 2 : 0;
  };
  std::stable_sort(devices->mutable_inputs()->begin(), devices->mutable_inputs()->end(),
                   [&](const v1::Input& left, const v1::Input& right) { return implied(left) < implied(right); });
}

}  // namespace

void MakeXenCanonical(XenDialect dialect, v1::DomainSpec* spec) {
  SettleOs(spec->mutable_os());
  v1::Devices* devices = spec->mutable_devices();
  for (v1::Disk& disk : *devices->mutable_disks()) SettleDisk(dialect, &disk);
  for (v1::Input& input : *devices->mutable_inputs()) {
    if (input.bus().empty()) input.set_bus(!IsXenHvm(*spec) ? "xen" : input.type() == "tablet" ? "usb" : "ps2");
  }
  SettlePorts(devices);
  AddXenDefaults(spec);
  const bool hvm = IsXenHvm(*spec);
  SettlePorts(devices);
  if (hvm) SettleFirmware(spec->mutable_os());
  SettleResources(spec);
  SettleFeatures(spec->mutable_features());
  SettleClock(hvm, spec->mutable_clock());
  SettleCpu(spec->mutable_cpu());
  for (v1::Graphics& graphics : *devices->mutable_graphics()) SettleGraphics(&graphics);
  for (v1::Video& video : *devices->mutable_videos()) {
    if (video.model() == "none") continue;
    if (!video.has_heads()) video.set_heads(1);
    if (!video.has_primary() && &video == &devices->videos(0)) video.set_primary(true);
  }
  for (v1::Interface& interface : *devices->mutable_interfaces()) SettleInterface(&interface);
  SettleControllers(devices);
  OrderDevices(hvm, devices);
}

}  // namespace reeve::formats
