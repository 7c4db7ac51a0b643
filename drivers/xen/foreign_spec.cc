#include "drivers/xen/foreign_spec.h"

#include <string>

#include "absl/strings/str_format.h"

namespace reeve::xen {
namespace {

std::string TextOf(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

const char* ActionOf(libxl_action_on_shutdown action) {
  switch (action) {
    case LIBXL_ACTION_ON_SHUTDOWN_RESTART:
      return "restart";
    case LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME:
      return "rename-restart";
    case LIBXL_ACTION_ON_SHUTDOWN_PRESERVE:
      return "preserve";
    case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY:
      return "coredump-destroy";
    case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART:
      return "coredump-restart";
    default:
      return "destroy";
  }
}

void ReadMachine(const libxl_domain_config& config, v1::DomainSpec* spec) {
  const libxl_domain_build_info& build = config.b_info;
  v1::OperatingSystem& os = *spec->mutable_os();
  os.set_architecture("x86_64");
  switch (config.c_info.type) {
    case LIBXL_DOMAIN_TYPE_HVM:
      os.set_type("hvm");
      os.set_machine("xenfv");
      break;
    case LIBXL_DOMAIN_TYPE_PVH:
      os.set_type("xenpvh");
      os.set_machine("xenpvh");
      break;
    default:
      os.set_type("linux");
      os.set_machine("xenpv");
  }
  os.set_kernel(TextOf(build.kernel));
  os.set_initrd(TextOf(build.ramdisk));
  os.set_command_line(TextOf(build.cmdline));
  if (build.bootloader != nullptr) os.set_bootloader(build.bootloader);
  spec->set_memory_kib(build.max_memkb);
  if (build.target_memkb != 0 && build.target_memkb < build.max_memkb) {
    spec->set_current_memory_kib(build.target_memkb);
  }
  spec->set_vcpus(build.max_vcpus > 0 ? static_cast<uint32_t>(build.max_vcpus) : 1);
  spec->mutable_lifecycle_actions()->set_on_poweroff(ActionOf(config.on_poweroff));
  spec->mutable_lifecycle_actions()->set_on_reboot(ActionOf(config.on_reboot));
  spec->mutable_lifecycle_actions()->set_on_crash(ActionOf(config.on_crash));
}

void ReadDisk(const libxl_device_disk& from, v1::Disk* disk) {
  disk->set_type(from.backend == LIBXL_DISK_BACKEND_PHY ? "block" : "file");
  disk->set_device(from.is_cdrom != 0 ? "cdrom" : "disk");
  disk->set_source(TextOf(from.pdev_path));
  disk->set_target_device(TextOf(from.vdev));
  disk->set_target_bus(disk->target_device().rfind("xvd", 0) == 0 ? "xen" : "ide");
  disk->set_read_only(from.readwrite == 0);
  disk->set_driver_name(from.backend == LIBXL_DISK_BACKEND_PHY ? "phy" : "qemu");
  switch (from.format) {
    case LIBXL_DISK_FORMAT_QCOW:
      disk->set_driver_format("qcow");
      break;
    case LIBXL_DISK_FORMAT_QCOW2:
      disk->set_driver_format("qcow2");
      break;
    case LIBXL_DISK_FORMAT_VHD:
      disk->set_driver_format("vhd");
      break;
    case LIBXL_DISK_FORMAT_QED:
      disk->set_driver_format("qed");
      break;
    default:
      disk->set_driver_format("raw");
  }
}

void ReadInterface(const libxl_device_nic& from, v1::Interface* interface) {
  const std::string bridge = TextOf(from.bridge);
  interface->set_type(bridge.empty() ? v1::Interface::TYPE_ETHERNET : v1::Interface::TYPE_BRIDGE);
  interface->set_source(bridge);
  interface->set_mac_address(absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", from.mac[0], from.mac[1], from.mac[2],
                                             from.mac[3], from.mac[4], from.mac[5]));
  interface->set_model(TextOf(from.model));
  interface->set_script(TextOf(from.script));
  interface->set_target_device(TextOf(from.ifname));
}

}  // namespace

v1::DomainSpec SpecOfConfig(const libxl_domain_config& config) {
  v1::DomainSpec spec;
  ReadMachine(config, &spec);
  v1::Devices& devices = *spec.mutable_devices();
  for (int i = 0; i < config.num_disks; ++i) ReadDisk(config.disks[i], devices.add_disks());
  for (int i = 0; i < config.num_nics; ++i) ReadInterface(config.nics[i], devices.add_interfaces());
  v1::Console& console = *devices.add_consoles();
  console.set_type("pty");
  console.set_target_type("xen");
  return spec;
}

}  // namespace reeve::xen
