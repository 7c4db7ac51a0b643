// Devices of a domain that runs.
#include "drivers/xen/libxl_toolstack_class.h"

namespace reeve::xen {
namespace {

std::vector<PciFunction> FunctionsIn(const libxl_device_pci* list, int count) {
  std::vector<PciFunction> functions;
  for (int i = 0; list != nullptr && i < count; ++i) {
    functions.push_back({static_cast<uint32_t>(list[i].domain), list[i].bus, list[i].dev, list[i].func});
  }
  return functions;
}

// A function as libxenlight's.
class LibxlFunction {
 public:
  LibxlFunction(const LibxlLibrary& library, const PciFunction& function) : library_(library) {
    library_.libxl_device_pci_init(&device_);
    device_.domain = static_cast<int>(function.domain);
    device_.bus = static_cast<uint8_t>(function.bus);
    device_.dev = static_cast<uint8_t>(function.slot);
    device_.func = static_cast<uint8_t>(function.function);
  }
  ~LibxlFunction() { library_.libxl_device_pci_dispose(&device_); }
  LibxlFunction(const LibxlFunction&) = delete;
  LibxlFunction& operator=(const LibxlFunction&) = delete;
  libxl_device_pci* get() { return &device_; }

 private:
  const LibxlLibrary& library_;
  libxl_device_pci device_;
};

}  // namespace

absl::Status LibxlToolstack::AddDisk(uint32_t domid, libxl_device_disk* disk) {
  const LibxlStep step = Step("libxl_device_disk_add", domid);
  return step.Result(library_->libxl_device_disk_add(context_, domid, disk, nullptr));
}

absl::Status LibxlToolstack::RemoveDisk(uint32_t domid, const std::string& virtual_device) {
  const LibxlStep find = Step("libxl_vdev_to_device_disk", domid);
  libxl_device_disk disk;
  library_->libxl_device_disk_init(&disk);
  absl::Status status =
      find.Result(library_->libxl_vdev_to_device_disk(context_, domid, virtual_device.c_str(), &disk));
  if (status.ok()) {
    const LibxlStep step = Step("libxl_device_disk_remove", domid);
    status = step.Result(library_->libxl_device_disk_remove(context_, domid, &disk, nullptr));
  }
  library_->libxl_device_disk_dispose(&disk);
  return status;
}

absl::Status LibxlToolstack::AddInterface(uint32_t domid, libxl_device_nic* interface) {
  const LibxlStep step = Step("libxl_device_nic_add", domid);
  return step.Result(library_->libxl_device_nic_add(context_, domid, interface, nullptr));
}

absl::Status LibxlToolstack::RemoveInterface(uint32_t domid, const std::string& mac_address) {
  const LibxlStep find = Step("libxl_mac_to_device_nic", domid);
  libxl_device_nic nic;
  library_->libxl_device_nic_init(&nic);
  absl::Status status = find.Result(library_->libxl_mac_to_device_nic(context_, domid, mac_address.c_str(), &nic));
  if (status.ok()) {
    const LibxlStep step = Step("libxl_device_nic_remove", domid);
    status = step.Result(library_->libxl_device_nic_remove(context_, domid, &nic, nullptr));
  }
  library_->libxl_device_nic_dispose(&nic);
  return status;
}

absl::Status LibxlToolstack::InsertMedium(uint32_t domid, libxl_device_disk* disk) {
  const LibxlStep step = Step("libxl_cdrom_insert", domid);
  return step.Result(library_->libxl_cdrom_insert(context_, domid, disk, nullptr));
}

absl::Status LibxlToolstack::AddPci(uint32_t domid, libxl_device_pci* device) {
  const LibxlStep step = Step("libxl_device_pci_add", domid);
  return step.Result(library_->libxl_device_pci_add(context_, domid, device, nullptr));
}

absl::Status LibxlToolstack::RemovePci(uint32_t domid, libxl_device_pci* device) {
  const LibxlStep step = Step("libxl_device_pci_remove", domid);
  return step.Result(library_->libxl_device_pci_remove(context_, domid, device, nullptr));
}

absl::StatusOr<std::vector<PciFunction>> LibxlToolstack::PciOf(uint32_t domid) const {
  int count = 0;
  libxl_device_pci* const list = library_->libxl_device_pci_list(context_, domid, &count);
  std::vector<PciFunction> functions = FunctionsIn(list, count);
  if (list != nullptr) library_->libxl_device_pci_list_free(list, count);
  return functions;
}

absl::StatusOr<std::vector<PciFunction>> LibxlToolstack::AssignablePci() const {
  int count = 0;
  libxl_device_pci* const list = library_->libxl_device_pci_assignable_list(context_, &count);
  std::vector<PciFunction> functions = FunctionsIn(list, count);
  if (list != nullptr) library_->libxl_device_pci_assignable_list_free(list, count);
  return functions;
}

absl::Status LibxlToolstack::MakePciAssignable(const PciFunction& function) {
  const LibxlStep step = Step("libxl_device_pci_assignable_add", -1);
  LibxlFunction device(*library_, function);
  return step.Result(library_->libxl_device_pci_assignable_add(context_, device.get(), /*rebind=*/1));
}

absl::Status LibxlToolstack::ReturnPciToHost(const PciFunction& function) {
  const LibxlStep step = Step("libxl_device_pci_assignable_remove", -1);
  LibxlFunction device(*library_, function);
  return step.Result(library_->libxl_device_pci_assignable_remove(context_, device.get(), /*rebind=*/1));
}

uint32_t LibxlToolstack::CountUsbControllers(uint32_t domid) const {
  int count = 0;
  libxl_device_usbctrl* const list = library_->libxl_device_usbctrl_list(context_, domid, &count);
  if (list != nullptr) library_->libxl_device_usbctrl_list_free(list, count);
  return static_cast<uint32_t>(count);
}

absl::Status LibxlToolstack::AddUsbController(uint32_t domid, libxl_device_usbctrl* controller) {
  const LibxlStep step = Step("libxl_device_usbctrl_add", domid);
  return step.Result(library_->libxl_device_usbctrl_add(context_, domid, controller, nullptr));
}

absl::Status LibxlToolstack::AddUsb(uint32_t domid, libxl_device_usbdev* device) {
  const LibxlStep step = Step("libxl_device_usbdev_add", domid);
  return step.Result(library_->libxl_device_usbdev_add(context_, domid, device, nullptr));
}

absl::Status LibxlToolstack::RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) {
  const LibxlStep step = Step("libxl_device_usbdev_remove", domid);
  int count = 0;
  libxl_device_usbdev* const list = library_->libxl_device_usbdev_list(context_, domid, &count);
  int code = ERROR_NOTFOUND;
  for (int i = 0; i < count; ++i) {
    if (list[i].u.hostdev.hostbus != device.u.hostdev.hostbus) continue;
    if (list[i].u.hostdev.hostaddr != device.u.hostdev.hostaddr) continue;
    code = library_->libxl_device_usbdev_remove(context_, domid, &list[i], nullptr);
    break;
  }
  library_->libxl_device_usbdev_list_free(list, count);
  return step.Result(code);
}

}  // namespace reeve::xen
