#include "drivers/xen/xen_capabilities.h"

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "drivers/cpu/choose_model.h"
#include "formats/capabilities_xml.h"
#include "formats/domain_capabilities_xml.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

constexpr char kArchitecture[] = "x86_64";
// Where Debian's xen-utils has the device model; libxenlight finds it by itself.
constexpr char kEmulator[] = "/usr/lib/xen/bin/qemu-system-i386";
constexpr char kFirmware[] = "/usr/lib/xen/boot/hvmloader";
// XEN_LEGACY_MAX_VCPUS and HVM_MAX_VCPUS of Xen's public headers; PV takes what libxenlight's lists hold.
constexpr uint32_t kMaximumPvProcessors = 512;
constexpr uint32_t kMaximumHvmProcessors = 128;

void AddGuest(const char* os_type, const char* machine, uint32_t processors, v1::HostCapabilities* capabilities) {
  v1::GuestCapability* const guest = capabilities->add_guests();
  guest->set_os_type(os_type);
  guest->set_architecture(kArchitecture);
  guest->set_word_size(64);
  guest->set_emulator(kEmulator);
  v1::MachineType* const type = guest->add_machines();
  type->set_name(machine);
  type->set_max_cpus(processors);
  guest->add_domains()->set_type("xen");
}

v1::SupportedSection* AddSection(const char* name, bool supported, v1::DeviceCapabilities* devices) {
  v1::SupportedSection* const section = devices->add_sections();
  section->set_name(name);
  section->set_supported(supported);
  return section;
}

void AddValues(const char* name, std::initializer_list<const char*> values, v1::SupportedSection* section) {
  v1::SupportedEnum* const list = section->add_enums();
  list->set_name(name);
  for (const char* value : values) list->add_values(value);
}

}  // namespace

std::string CapabilitiesXml(const HostFacts& host) {
  v1::HostCapabilities capabilities;
  *capabilities.mutable_host()->mutable_cpu() = cpu::DescribeHost(cpu::ToHostCpu(host.processor));
  capabilities.mutable_host()->mutable_power_management();
  AddGuest("xen", "xenpv", kMaximumPvProcessors, &capabilities);
  if (host.hvm) {
    AddGuest("hvm", "xenfv", kMaximumHvmProcessors, &capabilities);
    AddGuest("xenpvh", "xenpvh", kMaximumHvmProcessors, &capabilities);
  }
  return formats::WriteCapabilitiesXml(capabilities);
}

absl::StatusOr<std::string> DomainCapabilitiesXml(const HostFacts& host,
                                                  const v1::GetDomainCapabilitiesRequest& request) {
  const std::string machine = request.machine().empty() ? "xenpv" : request.machine();
  const bool full = machine == "xenfv";
  const bool known = machine == "xenpv" || ((full || machine == "xenpvh") && host.hvm);
  if (!known) return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("Xen has no machine '", machine, "' here"));
  if (!request.architecture().empty() && request.architecture() != kArchitecture) {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("Xen has no guests of ", request.architecture()));
  }
  if (!request.domain_type().empty() && request.domain_type() != "xen") {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("Xen has no domains of type ", request.domain_type()));
  }
  v1::DomainCapabilities capabilities;
  capabilities.set_emulator(request.emulator().empty() ? kEmulator : request.emulator());
  capabilities.set_domain_type("xen");
  capabilities.set_machine(machine);
  capabilities.set_architecture(kArchitecture);
  capabilities.set_max_vcpus(machine == "xenpv" ? kMaximumPvProcessors : kMaximumHvmProcessors);
  capabilities.mutable_os()->set_supported(true);
  if (full) {
    v1::LoaderCapability* const loader = capabilities.mutable_os()->mutable_loader();
    loader->set_supported(true);
    loader->add_paths(kFirmware);
  }
  v1::DeviceCapabilities* const devices = capabilities.mutable_devices();
  v1::SupportedSection* const disk = AddSection("disk", true, devices);
  if (full) {
    AddValues("diskDevice", {"disk", "cdrom"}, disk);
    AddValues("bus", {"ide", "scsi", "xen"}, disk);
  } else {
    AddValues("diskDevice", {"disk"}, disk);
    AddValues("bus", {"xen"}, disk);
  }
  if (machine != "xenpvh") {
    v1::SupportedSection* const graphics = AddSection("graphics", true, devices);
    if (full) {
      AddValues("type", {"sdl", "vnc", "spice"}, graphics);
    } else {
      AddValues("type", {"sdl", "vnc"}, graphics);
    }
  }
  if (full) AddValues("modelType", {"vga", "cirrus", "xen"}, AddSection("video", true, devices));
  v1::SupportedSection* const passed = AddSection("hostdev", true, devices);
  AddValues("mode", {"subsystem"}, passed);
  AddValues("subsysType", {"pci", "usb"}, passed);
  AddValues("pciBackend", {"xen"}, passed);
  return formats::WriteDomainCapabilitiesXml(capabilities);
}

}  // namespace reeve::xen
