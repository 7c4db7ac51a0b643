// The driver's way to a FakeXen.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "drivers/cpu/cpu_models.h"
#include "drivers/cpu/cpuid.h"
#include "drivers/xen/fake_xen.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// One daemon's view of a FakeXen, which outlives it. The destructor waits for nothing: observers are called by the
// thread that makes something happen.
class FakeToolstack final : public Toolstack {
 public:
  FakeToolstack(FakeXen* xen, std::shared_ptr<const LibxlLibrary> library) : xen_(*xen), library_(std::move(library)) {}
  ~FakeToolstack() override {
    absl::MutexLock lock(&xen_.mutex_);
    xen_.observer_ = nullptr;
    for (auto& [domid, domain] : xen_.domains_) domain.watched = false;
  }

  absl::Status Observe(ToolstackObserver* observer) override {
    absl::MutexLock lock(&xen_.mutex_);
    xen_.observer_ = observer;
    return absl::OkStatus();
  }
  absl::StatusOr<HostFacts> Host() const override {
    if (absl::Status status = xen_.Take("Host"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    return HostFacts{.version = "4.17.0",
                     .total_memory_kib = 4 << 20,
                     .free_memory_kib = 2 << 20,
                     .cpus = 2,
                     .cpu_khz = 2'000'000,
                     .hvm = true,
                     .iommu = xen_.iommu_,
                     .command_line = xen_.command_line_,
                     .processor = Processor()};
  }
  absl::StatusOr<uint64_t> MemoryNeeded(DomainConfig* config) const override {
    if (absl::Status status = xen_.Take("MemoryNeeded"); !status.ok()) return status;
    return (*config)->b_info.max_memkb;
  }
  absl::StatusOr<uint64_t> FreeMemory() const override {
    if (absl::Status status = xen_.Take("FreeMemory"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    return xen_.free_kib_;
  }
  absl::Status ShrinkHost(uint64_t kib) override {
    if (absl::Status status = xen_.Take("ShrinkHost"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    xen_.free_kib_ += std::min(kib, xen_.given_kib_);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<GuestFacts>> List() const override {
    if (absl::Status status = xen_.Take("List"); !status.ok()) return status;
    std::vector<GuestFacts> list;
    {
      absl::MutexLock lock(&xen_.mutex_);
      for (const auto& [domid, domain] : xen_.domains_) list.push_back(domain.facts);
    }
    xen_.Interrupt("List");
    return list;
  }
  absl::StatusOr<GuestFacts> Look(uint32_t domid) const override {
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
    return found->second.facts;
  }
  absl::StatusOr<std::string> NameOf(uint32_t domid) const override {
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
    return found->second.name;
  }
  absl::StatusOr<uint32_t> Create(DomainConfig* config) override {
    if (absl::Status status = xen_.Take("Create"); !status.ok()) return status;
    const uint32_t domid = xen_.Add((*config)->c_info.name, UuidOf(*config), (*config)->b_info.max_memkb, true);
    for (int i = 0; i < (*config)->num_pcidevs; ++i) xen_.GiveBehind(domid, FunctionOf((*config)->pcidevs[i]));
    absl::MutexLock lock(&xen_.mutex_);
    FakeXen::Domain& domain = xen_.domains_.at(domid);
    domain.usb_controllers = (*config)->num_usbctrls;
    for (int i = 0; i < (*config)->num_usbdevs; ++i) domain.devices[UsbName((*config)->usbdevs[i])] = "usb";
    return domid;
  }
  absl::StatusOr<uint32_t> Restore(DomainConfig* config, int descriptor) override {
    if (absl::Status status = xen_.Take("Restore"); !status.ok()) return status;
    char stream[6];
    if (read(descriptor, stream, sizeof(stream)) != 6 || std::string(stream, 6) != "memory") {
      return absl::InternalError("no stream");
    }
    return xen_.Add((*config)->c_info.name, UuidOf(*config), (*config)->b_info.max_memkb, true);
  }
  absl::Status Watch(uint32_t domid) override {
    return Change("Watch", domid, [](FakeXen::Domain* domain) { domain->watched = true; });
  }
  absl::Status SoftReset(uint32_t domid, DomainConfig* /*config*/) override {
    return Change("SoftReset", domid, [](FakeXen::Domain* domain) {
      domain->facts.stopped = false;
      domain->facts.paused = true;
    });
  }
  absl::Status Pause(uint32_t domid) override {
    return Change("Pause", domid, [](FakeXen::Domain* domain) { domain->facts.paused = true; });
  }
  absl::Status Unpause(uint32_t domid) override {
    return Change("Unpause", domid, [](FakeXen::Domain* domain) { domain->facts.paused = false; });
  }
  absl::Status Shutdown(uint32_t domid) override {
    return Change("Shutdown", domid, [](FakeXen::Domain*) {});
  }
  absl::Status Reboot(uint32_t domid) override {
    return Change("Reboot", domid, [](FakeXen::Domain*) {});
  }
  absl::Status PressPowerButton(uint32_t domid) override {
    return Change("PressPowerButton", domid, [](FakeXen::Domain*) {});
  }
  absl::Status Destroy(uint32_t domid) override {
    // libxenlight pauses it first.
    if (absl::Status status = Change("Destroy", domid, [](FakeXen::Domain* domain) { domain->facts.paused = true; });
        !status.ok()) {
      return status;
    }
    xen_.Interrupt("Destroying");
    xen_.Remove(domid);
    return absl::OkStatus();
  }
  absl::Status Save(uint32_t domid, int descriptor, bool /*live*/, const Cancelled& cancelled) override {
    if (cancelled && cancelled()) return absl::CancelledError("aborted");
    if (absl::Status status = Change("Save", domid, [](FakeXen::Domain*) {}); !status.ok()) return status;
    if (write(descriptor, "memory", 6) != 6) return absl::InternalError("write");
    return Change("Saved", domid, [](FakeXen::Domain* domain) {
      domain->facts.stopped = true;
      domain->facts.stop_reason = StopReason::kSuspend;
    });
  }
  absl::Status Resume(uint32_t domid) override {
    return Change("Resume", domid, [](FakeXen::Domain* domain) { domain->facts.stopped = false; });
  }
  absl::Status Sleep(uint32_t domid) override {
    return Change("Sleep", domid, [](FakeXen::Domain* domain) {
      domain->facts.stopped = true;
      domain->facts.stop_reason = StopReason::kSuspend;
    });
  }
  // A core is "core", and " of a paused guest" where it is one.
  absl::Status DumpCore(uint32_t domid, const std::string& path) override {
    bool paused = false;
    absl::Status status = Change("DumpCore", domid, [&](FakeXen::Domain* domain) { paused = domain->facts.paused; });
    if (!status.ok()) return status;
    std::ofstream file(path);
    file << (paused ? "core of a paused guest" : "core");
    return file.flush() ? absl::OkStatus() : absl::InternalError("write");
  }
  absl::Status Rename(uint32_t domid, const std::string& /*from*/, const std::string& to) override {
    return Change("Rename", domid, [&to](FakeXen::Domain* domain) { domain->name = to; });
  }
  absl::Status SetMemoryTarget(uint32_t domid, uint64_t kib) override {
    return Change("SetMemoryTarget", domid, [kib](FakeXen::Domain* domain) { domain->facts.memory_kib = kib; });
  }
  absl::Status SetMaximumMemory(uint32_t domid, uint64_t kib) override {
    return Change("SetMaximumMemory", domid,
                  [kib](FakeXen::Domain* domain) { domain->facts.maximum_memory_kib = kib; });
  }
  absl::Status AddDisk(uint32_t domid, libxl_device_disk* disk) override {
    return Change("AddDisk", domid, [&](FakeXen::Domain* domain) { domain->devices[disk->vdev] = disk->pdev_path; });
  }
  absl::Status RemoveDisk(uint32_t domid, const std::string& virtual_device) override {
    return Change("RemoveDisk", domid, [&](FakeXen::Domain* domain) { domain->devices.erase(virtual_device); });
  }
  absl::Status AddInterface(uint32_t domid, libxl_device_nic* interface) override {
    std::string mac;
    for (int i = 0; i < 6; ++i) absl::StrAppend(&mac, i > 0 ? ":" : "", absl::Hex(interface->mac[i], absl::kZeroPad2));
    return Change("AddInterface", domid, [&](FakeXen::Domain* domain) { domain->devices[mac] = interface->bridge; });
  }
  absl::Status RemoveInterface(uint32_t domid, const std::string& mac_address) override {
    return Change("RemoveInterface", domid, [&](FakeXen::Domain* domain) { domain->devices.erase(mac_address); });
  }
  absl::Status InsertMedium(uint32_t domid, libxl_device_disk* disk) override {
    const std::string source = disk->pdev_path != nullptr ? disk->pdev_path : "";
    return Change("InsertMedium", domid, [&](FakeXen::Domain* domain) { domain->devices["cdrom"] = source; });
  }
  absl::Status AddPci(uint32_t domid, libxl_device_pci* device) override {
    return Change("AddPci", domid, [&](FakeXen::Domain* domain) {
      domain->devices[PciName(*device)] = "pci";
      domain->functions.insert(FunctionOf(*device));
    });
  }
  absl::Status RemovePci(uint32_t domid, libxl_device_pci* device) override {
    return Change("RemovePci", domid, [&](FakeXen::Domain* domain) {
      domain->devices.erase(PciName(*device));
      domain->functions.erase(FunctionOf(*device));
    });
  }
  uint32_t CountUsbControllers(uint32_t domid) const override { return xen_.domain(domid).usb_controllers; }
  absl::Status AddUsbController(uint32_t domid, libxl_device_usbctrl* /*controller*/) override {
    return Change("AddUsbController", domid, [](FakeXen::Domain* domain) { ++domain->usb_controllers; });
  }
  absl::Status AddUsb(uint32_t domid, libxl_device_usbdev* device) override {
    return Change("AddUsb", domid, [&](FakeXen::Domain* domain) { domain->devices[UsbName(*device)] = "usb"; });
  }
  absl::Status RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) override {
    return Change("RemoveUsb", domid, [&](FakeXen::Domain* domain) { domain->devices.erase(UsbName(device)); });
  }
  absl::StatusOr<std::vector<PciFunction>> PciOf(uint32_t domid) const override {
    if (absl::Status status = xen_.Take("PciOf"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return std::vector<PciFunction>();
    return std::vector<PciFunction>(found->second.functions.begin(), found->second.functions.end());
  }
  absl::StatusOr<std::vector<PciFunction>> AssignablePci() const override {
    if (absl::Status status = xen_.Take("AssignablePci"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    return std::vector<PciFunction>(xen_.assignable_.begin(), xen_.assignable_.end());
  }
  // Also where it fails: libxenlight does not undo what it has done by then.
  absl::Status MakePciAssignable(const PciFunction& function) override {
    absl::Status status = xen_.Take("MakePciAssignable");
    absl::MutexLock lock(&xen_.mutex_);
    xen_.assignable_.insert(function);
    return status;
  }
  absl::Status ReturnPciToHost(const PciFunction& function) override {
    if (absl::Status status = xen_.Take("ReturnPciToHost"); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    xen_.assignable_.erase(function);
    return absl::OkStatus();
  }
  absl::StatusOr<Scheduling> SchedulingOf(uint32_t domid) const override {
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
    return found->second.scheduling;
  }
  absl::Status SetScheduling(uint32_t domid, const Scheduling& scheduling) override {
    return Change("SetScheduling", domid, [&](FakeXen::Domain* domain) {
      domain->scheduling.weight = scheduling.weight;
      domain->scheduling.cap = scheduling.cap;
    });
  }
  absl::StatusOr<std::vector<VcpuFacts>> VcpusOf(uint32_t /*domid*/) const override {
    if (absl::Status status = xen_.Take("VcpusOf"); !status.ok()) return status;
    return std::vector<VcpuFacts>{{.online = true, .cpu_time_ns = 7, .running = true, .host_cpu = 1},
                                  {.online = false, .everywhere = false, .cpus = {0, 1}}};
  }
  absl::Status SetOnlineVcpus(uint32_t domid, uint32_t count) override {
    return Change("SetOnlineVcpus", domid, [&](FakeXen::Domain* domain) { domain->facts.vcpus_online = count; });
  }
  absl::Status Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) override {
    return Change("Pin", domid, [&](FakeXen::Domain* domain) { domain->pins[vcpu] = cpus; });
  }
  absl::Status StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) override {
    return Change("StoreNote", domid, [&](FakeXen::Domain* domain) { domain->notes[name] = std::string(bytes); });
  }
  absl::StatusOr<std::string> ReadNote(uint32_t domid, const std::string& name) const override {
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
    const auto note = found->second.notes.find(name);
    return note == found->second.notes.end() ? std::string() : note->second;
  }
  absl::StatusOr<DomainConfig> ConfigOf(uint32_t domid) const override {
    if (absl::Status status = xen_.Take("ConfigOf"); !status.ok()) return status;
    {
      absl::MutexLock lock(&xen_.mutex_);
      const auto found = xen_.domains_.find(domid);
      if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
      if (!found->second.configured) return absl::InternalError("there is no configuration");
    }
    DomainConfig config(library_);
    library_->libxl_domain_build_info_init_type(&config->b_info, LIBXL_DOMAIN_TYPE_PV);
    config->c_info.type = LIBXL_DOMAIN_TYPE_PV;
    config->b_info.max_memkb = 65536;
    config->b_info.target_memkb = 65536;
    config->b_info.max_vcpus = 1;
    config->b_info.kernel = CopyText(absl::StrCat("/boot/of-", domid));
    return config;
  }
  absl::StatusOr<std::string> ConsolePath(uint32_t /*domid*/) const override {
    return absl::NotFoundError("the fake has no consoles");
  }

 private:
  // A SandyBridge with one feature more.
  static cpu::ProcessorFacts Processor() {
    cpu::ProcessorFacts facts{.vendor = "Intel", .features = cpu::FindCpuModel("SandyBridge")->features};
    facts.features |= cpu::FeaturesIn(cpu::FeatureWord::kLeaf1Edx, 1U << 27);  // "ss"
    facts.signature.set_family(6);
    facts.signature.set_model(42);
    facts.signature.set_stepping(7);
    return facts;
  }
  static PciFunction FunctionOf(const libxl_device_pci& device) {
    return {static_cast<uint32_t>(device.domain), device.bus, device.dev, device.func};
  }
  static std::string PciName(const libxl_device_pci& device) {
    return absl::StrCat("pci ", device.bus, ":", device.dev, ".", device.func);
  }
  static std::string UsbName(const libxl_device_usbdev& device) {
    return absl::StrCat("usb ", device.u.hostdev.hostbus, ".", device.u.hostdev.hostaddr);
  }
  static std::string UuidOf(const DomainConfig& config) {
    std::string text;
    for (int i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      absl::StrAppend(&text, absl::Hex(config->c_info.uuid.uuid[i], absl::kZeroPad2));
    }
    return text;
  }
  template <typename Function>
  absl::Status Change(const std::string& call, uint32_t domid, Function change) {
    if (absl::Status status = xen_.Take(call); !status.ok()) return status;
    absl::MutexLock lock(&xen_.mutex_);
    const auto found = xen_.domains_.find(domid);
    if (found == xen_.domains_.end()) return absl::NotFoundError("no such domain");
    change(&found->second);
    return absl::OkStatus();
  }

  FakeXen& xen_;
  const std::shared_ptr<const LibxlLibrary> library_;
};

}  // namespace reeve::xen
