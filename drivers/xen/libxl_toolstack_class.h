// The class behind OpenLibxlToolstack; its methods are in libxl_toolstack_*.cc, a file a subject.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/xen/libxl_library.h"
#include "drivers/xen/libxl_log.h"
#include "drivers/xen/libxl_step.h"
#include "drivers/xen/toolstack.h"
#include "drivers/xen/xenstore_watch.h"
#include "util/fd.h"

namespace reeve::xen {

class LibxlToolstack final : public Toolstack {
 public:
  explicit LibxlToolstack(std::shared_ptr<const LibxlLibrary> library) : library_(std::move(library)) {}
  ~LibxlToolstack() override;
  // Once, first.
  absl::Status Open();

  absl::Status Observe(ToolstackObserver* observer) override;
  absl::StatusOr<HostFacts> Host() const override;
  absl::StatusOr<std::vector<GuestFacts>> List() const override;
  absl::StatusOr<GuestFacts> Look(uint32_t domid) const override;
  absl::StatusOr<std::string> NameOf(uint32_t domid) const override;
  absl::StatusOr<uint64_t> MemoryNeeded(DomainConfig* config) const override;
  absl::StatusOr<uint64_t> FreeMemory() const override;
  absl::Status ShrinkHost(uint64_t kib) override;
  absl::StatusOr<uint32_t> Create(DomainConfig* config) override;
  absl::StatusOr<uint32_t> Restore(DomainConfig* config, int descriptor) override;
  absl::Status Watch(uint32_t domid) override;
  absl::Status SoftReset(uint32_t domid, DomainConfig* config) override;
  absl::Status Pause(uint32_t domid) override;
  absl::Status Unpause(uint32_t domid) override;
  absl::Status Shutdown(uint32_t domid) override;
  absl::Status Reboot(uint32_t domid) override;
  absl::Status PressPowerButton(uint32_t domid) override;
  absl::Status Destroy(uint32_t domid) override;
  absl::Status Save(uint32_t domid, int descriptor, bool live, const Cancelled& cancelled) override;
  absl::Status Resume(uint32_t domid) override;
  absl::Status Sleep(uint32_t domid) override;
  absl::Status DumpCore(uint32_t domid, const std::string& path) override;
  absl::Status Rename(uint32_t domid, const std::string& from, const std::string& to) override;
  absl::Status SetMemoryTarget(uint32_t domid, uint64_t kib) override;
  absl::Status SetMaximumMemory(uint32_t domid, uint64_t kib) override;
  absl::Status AddDisk(uint32_t domid, libxl_device_disk* disk) override;
  absl::Status RemoveDisk(uint32_t domid, const std::string& virtual_device) override;
  absl::Status AddInterface(uint32_t domid, libxl_device_nic* interface) override;
  absl::Status RemoveInterface(uint32_t domid, const std::string& mac_address) override;
  absl::Status InsertMedium(uint32_t domid, libxl_device_disk* disk) override;
  absl::Status AddPci(uint32_t domid, libxl_device_pci* device) override;
  absl::Status RemovePci(uint32_t domid, libxl_device_pci* device) override;
  uint32_t CountUsbControllers(uint32_t domid) const override;
  absl::Status AddUsbController(uint32_t domid, libxl_device_usbctrl* controller) override;
  absl::Status AddUsb(uint32_t domid, libxl_device_usbdev* device) override;
  absl::Status RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) override;
  absl::StatusOr<std::vector<PciFunction>> PciOf(uint32_t domid) const override;
  absl::StatusOr<std::vector<PciFunction>> AssignablePci() const override;
  absl::Status MakePciAssignable(const PciFunction& function) override;
  absl::Status ReturnPciToHost(const PciFunction& function) override;
  absl::StatusOr<Scheduling> SchedulingOf(uint32_t domid) const override;
  absl::Status SetScheduling(uint32_t domid, const Scheduling& scheduling) override;
  absl::StatusOr<std::vector<VcpuFacts>> VcpusOf(uint32_t domid) const override;
  absl::Status SetOnlineVcpus(uint32_t domid, uint32_t count) override;
  absl::Status Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) override;
  absl::Status StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) override;
  absl::StatusOr<std::string> ReadNote(uint32_t domid, const std::string& name) const override;
  absl::StatusOr<DomainConfig> ConfigOf(uint32_t domid) const override;
  absl::StatusOr<std::string> ConsolePath(uint32_t domid) const override;

 private:
  LibxlStep Step(absl::string_view call, int64_t domid) const { return LibxlStep(log_, call, domid); }
  void Run();
  void OnEvent(libxl_event* event);

  const std::shared_ptr<const LibxlLibrary> library_;
  const cpu::ProcessorFacts cpuid_ = cpu::ReadCpuid();  // each leaf is a trap into Xen
  LibxlLog log_;
  libxl_ctx* context_ = nullptr;
  std::unique_ptr<XenstoreWatch> xenstore_;
  std::atomic<ToolstackObserver*> observer_{nullptr};
  util::UniqueFd wake_;
  std::atomic<bool> stop_{false};
  std::mutex watches_mutex_;
  std::map<uint32_t, libxl_evgen_domain_death*> watches_;
  std::thread thread_;
};

}  // namespace reeve::xen
