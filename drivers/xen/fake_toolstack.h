// Xen in memory, for tests of the driver: what the lab cannot do, and what must fail on demand.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// The hypervisor, which outlives toolstacks as the real one does. Thread-safe.
class FakeXen {
 public:
  struct Domain {
    GuestFacts facts;
    std::string name;
    std::map<std::string, std::string> notes;
    // What was attached to it while it ran, by target, MAC address or place on the host.
    std::map<std::string, std::string> devices;
    Scheduling scheduling{.scheduler = "credit2", .weight = 256};
    std::map<uint32_t, std::set<uint32_t>> pins;
    bool watched = false;
    bool configured = true;
  };

  FakeXen() {
    domains_[0] = {.facts = {.domid = 0, .uuid = "00000000-0000-0000-0000-000000000000"}, .name = "Domain-0"};
  }

  // What another toolstack does.
  uint32_t CreateBehind(const std::string& name, const std::string& uuid, bool paused = false) {
    const uint32_t domid = Add(name, uuid, 65536, paused);
    Changed();
    return domid;
  }
  // The same, as it is while its toolstack still works on it: paused, and without a configuration.
  uint32_t BeginBehind(const std::string& name, const std::string& uuid) {
    const uint32_t domid = Add(name, uuid, 65536, true);
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).configured = false;
    }
    Changed();
    return domid;
  }
  void FinishBehind(uint32_t domid) {
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).configured = true;
    }
    PauseBehind(domid, false);
  }
  void DestroyBehind(uint32_t domid) { Remove(domid); }
  void PauseBehind(uint32_t domid, bool paused) {
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).facts.paused = paused;
    }
    Changed();
  }
  // What the guest does.
  void Stop(uint32_t domid, StopReason reason) {
    ToolstackObserver* observer = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      Domain& domain = domains_.at(domid);
      domain.facts.stopped = true;
      domain.facts.stop_reason = reason;
      if (domain.watched) observer = observer_;
    }
    if (observer != nullptr) observer->OnStopped(domid, reason);
  }

  // The same, before anything has told of it.
  void StopUnheard(uint32_t domid, StopReason reason) {
    absl::MutexLock lock(&mutex_);
    Domain& domain = domains_.at(domid);
    domain.facts.stopped = true;
    domain.facts.stop_reason = reason;
  }
  // What the driver's regular look does.
  void LookAgain() { Changed(); }

  // Does this in the middle of the next call of this name: a List has its answer by then, and has not given it.
  void During(const std::string& call, std::function<void()> action) {
    absl::MutexLock lock(&mutex_);
    interruptions_[call] = std::move(action);
  }
  // What the host has free, and what Domain-0 gives of what it is asked for at a time; guests take what they have.
  void SetHostMemory(uint64_t free_kib, uint64_t given_kib, const std::string& command_line) {
    absl::MutexLock lock(&mutex_);
    free_kib_ = free_kib;
    given_kib_ = given_kib;
    command_line_ = command_line;
  }
  // The next call of this name fails with this status.
  void Fail(const std::string& call, absl::Status status) {
    absl::MutexLock lock(&mutex_);
    failures_[call] = std::move(status);
  }
  Domain domain(uint32_t domid) const {
    absl::MutexLock lock(&mutex_);
    return domains_.at(domid);
  }
  std::vector<std::string> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::vector<uint32_t> domids() const {
    absl::MutexLock lock(&mutex_);
    std::vector<uint32_t> ids;
    for (const auto& [domid, domain] : domains_) ids.push_back(domid);
    return ids;
  }

 private:
  friend class FakeToolstack;

  uint32_t Add(const std::string& name, const std::string& uuid, uint64_t memory_kib, bool paused) {
    absl::MutexLock lock(&mutex_);
    const uint32_t domid = next_++;
    domains_[domid] = {.facts = {.domid = domid,
                                 .uuid = uuid,
                                 .paused = paused,
                                 .memory_kib = memory_kib,
                                 .maximum_memory_kib = memory_kib,
                                 .vcpus_online = 1},
                       .name = name};
    return domid;
  }
  void Remove(uint32_t domid) {
    ToolstackObserver* observer = nullptr;
    bool watched = false;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = domains_.find(domid);
      if (found == domains_.end()) return;
      watched = found->second.watched;
      domains_.erase(found);
      observer = observer_;
    }
    if (observer != nullptr && watched) observer->OnGone(domid);
    Changed();
  }
  void Changed() {
    ToolstackObserver* observer = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      observer = observer_;
    }
    if (observer != nullptr) observer->OnDomainsChanged();
  }
  void Interrupt(const std::string& call) {
    std::function<void()> action;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = interruptions_.find(call);
      if (found == interruptions_.end()) return;
      action = std::move(found->second);
      interruptions_.erase(found);
    }
    action();
  }
  absl::Status Take(const std::string& call) {
    if (call != "List") Interrupt(call);
    absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
    const auto found = failures_.find(call);
    if (found == failures_.end()) return absl::OkStatus();
    absl::Status status = std::move(found->second);
    failures_.erase(found);
    return status;
  }

  mutable absl::Mutex mutex_;
  uint64_t free_kib_ ABSL_GUARDED_BY(mutex_) = 2 << 20;
  uint64_t given_kib_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string command_line_ ABSL_GUARDED_BY(mutex_);
  ToolstackObserver* observer_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint32_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint32_t, Domain> domains_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::function<void()>> interruptions_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

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
                     .command_line = xen_.command_line_};
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
    return xen_.Add((*config)->c_info.name, UuidOf(*config), (*config)->b_info.max_memkb, true);
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
    absl::Status status =
        Change("DumpCore", domid, [&](FakeXen::Domain* domain) { paused = domain->facts.paused; });
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
    return Change("AddPci", domid, [&](FakeXen::Domain* domain) { domain->devices[PciName(*device)] = "pci"; });
  }
  absl::Status RemovePci(uint32_t domid, libxl_device_pci* device) override {
    return Change("RemovePci", domid, [&](FakeXen::Domain* domain) { domain->devices.erase(PciName(*device)); });
  }
  absl::Status AddUsb(uint32_t domid, libxl_device_usbdev* device) override {
    return Change("AddUsb", domid, [&](FakeXen::Domain* domain) { domain->devices[UsbName(*device)] = "usb"; });
  }
  absl::Status RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) override {
    return Change("RemoveUsb", domid, [&](FakeXen::Domain* domain) { domain->devices.erase(UsbName(device)); });
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
