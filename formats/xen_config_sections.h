// The sections of an xl or xm configuration, each with both directions in a file of its own. A reader takes its
// settings and fills in the specification; a writer writes what the format has a form for, in libvirt's order. What it
// leaves out, and what would be read otherwise, is found by comparing (xen_domain_config.cc).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "formats/spec_faults.h"
#include "formats/xen_config.h"
#include "formats/xen_config_reader.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// The configuration that is being written.
struct XenConfigWriter {
  XenDialect dialect;
  XenConfig config;
  std::vector<SpecFault> faults;  // fields without a form, with the reason

  void Number(absl::string_view name, int64_t number) { config.Add(name, XenConfigValue::Number(number)); }
  void Text(absl::string_view name, absl::string_view text) { config.Add(name, XenConfigValue::String(text)); }
  void OptionalText(absl::string_view name, absl::string_view text) {
    if (!text.empty()) Text(name, text);
  }
  // Nothing for an empty list.
  void List(absl::string_view name, const std::vector<std::string>& texts);
};

// type, builder.
void ReadXenType(XenConfigReader* reader, v1::DomainSpec* spec);
// kernel, ramdisk, cmdline, root, extra, boot, bios, acpi_firmware, bootloader, bootargs, firmware_override.
void ReadXenBoot(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenBoot(const v1::DomainSpec& spec, XenConfigWriter* writer);
// memory, maxmem, vcpus, maxvcpus, cpus, cpu_weight.
void ReadXenResources(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenResources(const v1::DomainSpec& spec, XenConfigWriter* writer);
void WriteXenWeight(const v1::DomainSpec& spec, XenConfigWriter* writer);
// pae, acpi, apic, hap, viridian, e820_host, passthrough.
void ReadXenFeatures(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenFeatures(const v1::DomainSpec& spec, XenConfigWriter* writer);
// tsc_mode, hpet; localtime, rtc_timeoffset.
void ReadXenClock(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenClock(const v1::DomainSpec& spec, XenConfigWriter* writer);
// on_poweroff, on_reboot, on_crash; device_model_override.
void ReadXenLife(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenLife(const v1::DomainSpec& spec, XenConfigWriter* writer);
// nestedhvm, cpuid.
void ReadXenCpu(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenNesting(const v1::DomainSpec& spec, XenConfigWriter* writer);
void WriteXenCpuId(const v1::DomainSpec& spec, XenConfigWriter* writer);
// vnuma.
void ReadXenNuma(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenNuma(const v1::DomainSpec& spec, XenConfigWriter* writer);
// All distances between the nodes, where any node has some: said once they hold for both ways; 10 to itself, 20 else.
void FillXenDistances(v1::Cpu* cpu);
// vif.
void ReadXenInterfaces(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenInterfaces(const v1::DomainSpec& spec, XenConfigWriter* writer);
// disk, in the form of xl or of xm.
void ReadXenXlDisks(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenXlDisks(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenXmDisks(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenXmDisks(const v1::DomainSpec& spec, XenConfigWriter* writer);
// Bus of a disk by its name and the kind of guest, the same in both.
std::string XenDiskBus(absl::string_view target, const v1::DomainSpec& spec);
// "rbd:POOL/IMAGE..." of a disk of xl.
void ReadXenRbd(XenConfigReader* reader, const XenPiece& target, v1::Disk* disk);
std::string WriteXenRbd(const v1::Disk& disk);
// vnc..., sdl, vfb; spice...; vga, videoram.
void ReadXenGraphics(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenGraphics(const v1::DomainSpec& spec, XenConfigWriter* writer);
void WriteXenSpice(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenVideo(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenVideo(const v1::DomainSpec& spec, XenConfigWriter* writer);
// serial, parallel; channel.
void ReadXenPorts(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenPorts(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenChannels(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenChannels(const v1::DomainSpec& spec, XenConfigWriter* writer);
// pci; soundhw; max_grant_frames, max_event_channels.
void ReadXenPci(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenPci(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenSounds(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenSounds(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenLimits(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenLimits(const v1::DomainSpec& spec, XenConfigWriter* writer);
// usb, usbdevice; usbdev, usbctrl.
void ReadXenInputs(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenInputs(const v1::DomainSpec& spec, XenConfigWriter* writer);
void ReadXenUsb(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenUsb(const v1::DomainSpec& spec, XenConfigWriter* writer);
// device_model_args.
void ReadXenArguments(XenConfigReader* reader, v1::DomainSpec* spec);
void WriteXenArguments(const v1::DomainSpec& spec, XenConfigWriter* writer);

}  // namespace reeve::formats
