// What the driver asks of Xen: one narrow interface, with a real one (libxl_toolstack.h) and a fake.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/cpu/cpuid.h"
#include "drivers/xen/domain_config.h"

namespace reeve::xen {

// Why a guest's machine has stopped (xen/include/public/sched.h, SHUTDOWN_*).
enum class StopReason { kPowerOff, kReboot, kSuspend, kCrash, kWatchdog, kSoftReset, kUnknown };

// A domain as the hypervisor has it at one moment.
struct GuestFacts {
  uint32_t domid = 0;
  std::string uuid;
  bool running = false;  // a virtual CPU is on a CPU of the host
  bool blocked = false;  // its virtual CPUs wait
  bool paused = false;
  bool stopped = false;                           // it has shut down and is still there
  bool dying = false;                             // it is being destroyed
  StopReason stop_reason = StopReason::kUnknown;  // of a stopped one
  uint64_t memory_kib = 0;
  uint64_t maximum_memory_kib = 0;
  uint64_t cpu_time_ns = 0;
  uint32_t vcpus_online = 0;
};

// What the scheduler gives a domain (xl(1), "sched-credit2").
struct Scheduling {
  std::string scheduler;  // "credit", "credit2", "null" ...; not set by SetScheduling
  int weight = 0;
  int cap = 0;  // percent of one CPU, over all virtual CPUs; 0: no limit
};

struct VcpuFacts {
  bool online = false;
  uint64_t cpu_time_ns = 0;
  bool running = false;     // it is on a CPU of the host
  uint32_t host_cpu = 0;    // on which, or was last
  bool everywhere = true;   // it may run on every CPU of the host
  std::set<uint32_t> cpus;  // on which it may run otherwise
};

struct HostFacts {
  std::string version;  // "4.17.5"
  uint64_t total_memory_kib = 0;
  uint64_t free_memory_kib = 0;
  uint32_t cpus = 0;
  uint32_t cpu_khz = 0;
  bool hvm = false;          // whether it can run HVM and PVH guests
  bool iommu = false;        // whether it can give guests devices of the host
  std::string command_line;  // with which the hypervisor was started
  // The hardware's, also what Domain-0 is not given.
  cpu::ProcessorFacts processor;
};

// A PCI function of the host.
struct PciFunction {
  uint32_t domain = 0;
  uint32_t bus = 0;
  uint32_t slot = 0;
  uint32_t function = 0;

  auto operator<=>(const PciFunction&) const = default;
};

// Told of what happens to domains, on a thread of the toolstack's; must not block it for long. It may call the
// toolstack.
class ToolstackObserver {
 public:
  virtual ~ToolstackObserver() = default;
  // A watched domain has stopped by itself; it stays until it is destroyed.
  virtual void OnStopped(uint32_t domid, StopReason reason) = 0;
  // A watched domain is gone.
  virtual void OnGone(uint32_t domid) = 0;
  // Some domain has come or gone, or may have been paused or resumed: List tells which.
  virtual void OnDomainsChanged() = 0;
};

// A long call in progress: asked whether it shall be given up. Thread-safe.
using Cancelled = std::function<bool()>;

// Calls may block; thread-safe. Errors name the call of libxenlight, its code and what it logged of this call;
// NOT_FOUND where there is no such domain.
class Toolstack {
 public:
  virtual ~Toolstack() = default;

  // Once, before the first Watch; the observer outlives the toolstack.
  virtual absl::Status Observe(ToolstackObserver* observer) = 0;

  virtual absl::StatusOr<HostFacts> Host() const = 0;
  // All domains, Domain-0 among them, in one call of the hypervisor.
  virtual absl::StatusOr<std::vector<GuestFacts>> List() const = 0;
  virtual absl::StatusOr<GuestFacts> Look(uint32_t domid) const = 0;
  virtual absl::StatusOr<std::string> NameOf(uint32_t domid) const = 0;

  // What a domain of this configuration takes of the host, and what the host has left, KiB.
  virtual absl::StatusOr<uint64_t> MemoryNeeded(DomainConfig* config) const = 0;
  virtual absl::StatusOr<uint64_t> FreeMemory() const = 0;
  // Takes so much from Domain-0, and waits for it while it comes (up to 10 s without progress); that it is less than
  // was asked is no error.
  virtual absl::Status ShrinkHost(uint64_t kib) = 0;

  // Makes a domain; it is paused. After an error nothing of it is left.
  virtual absl::StatusOr<uint32_t> Create(DomainConfig* config) = 0;
  // The same from what Save has written; read from the descriptor's present position.
  virtual absl::StatusOr<uint32_t> Restore(DomainConfig* config, int descriptor) = 0;
  // From now on the observer hears of this domain; once more after one that had stopped goes on.
  virtual absl::Status Watch(uint32_t domid) = 0;
  // Brings a domain that has stopped for it (kSoftReset) into the state of a new one, with its memory as it is and the
  // devices of `config`; it is paused.
  virtual absl::Status SoftReset(uint32_t domid, DomainConfig* config) = 0;

  virtual absl::Status Pause(uint32_t domid) = 0;
  virtual absl::Status Unpause(uint32_t domid) = 0;
  // Asks the guest, by its paravirtual driver; UNIMPLEMENTED where it has none.
  virtual absl::Status Shutdown(uint32_t domid) = 0;
  virtual absl::Status Reboot(uint32_t domid) = 0;
  // The ACPI button of an HVM guest.
  virtual absl::Status PressPowerButton(uint32_t domid) = 0;
  virtual absl::Status Destroy(uint32_t domid) = 0;
  // Writes the guest's memory to the descriptor. The guest has stopped then (kSuspend) and is still there: Destroy or
  // Resume it. CANCELLED, or another error: it runs on.
  virtual absl::Status Save(uint32_t domid, int descriptor, bool live, const Cancelled& cancelled) = 0;
  // Lets a guest go on that Save has stopped.
  virtual absl::Status Resume(uint32_t domid) = 0;
  // Asks the guest to save its state in its memory and stop (kSuspend); Resume wakes it up. UNIMPLEMENTED or
  // DEADLINE_EXCEEDED where it does not.
  virtual absl::Status Sleep(uint32_t domid) = 0;
  // Writes a core of the guest to a file.
  virtual absl::Status DumpCore(uint32_t domid, const std::string& path) = 0;
  virtual absl::Status Rename(uint32_t domid, const std::string& from, const std::string& to) = 0;

  // What the balloon is asked to leave to the guest.
  virtual absl::Status SetMemoryTarget(uint32_t domid, uint64_t kib) = 0;
  virtual absl::Status SetMaximumMemory(uint32_t domid, uint64_t kib) = 0;
  virtual absl::Status AddDisk(uint32_t domid, libxl_device_disk* disk) = 0;
  virtual absl::Status RemoveDisk(uint32_t domid, const std::string& virtual_device) = 0;
  virtual absl::Status AddInterface(uint32_t domid, libxl_device_nic* interface) = 0;
  virtual absl::Status RemoveInterface(uint32_t domid, const std::string& mac_address) = 0;
  // Changes what is in a drive; a disk without a source empties it.
  virtual absl::Status InsertMedium(uint32_t domid, libxl_device_disk* disk) = 0;
  virtual absl::Status AddPci(uint32_t domid, libxl_device_pci* device) = 0;
  virtual absl::Status RemovePci(uint32_t domid, libxl_device_pci* device) = 0;
  // Where USB devices can be plugged in; 0 also where that cannot be told.
  virtual uint32_t CountUsbControllers(uint32_t domid) const = 0;
  virtual absl::Status AddUsbController(uint32_t domid, libxl_device_usbctrl* controller) = 0;
  virtual absl::Status AddUsb(uint32_t domid, libxl_device_usbdev* device) = 0;
  // By the host's bus and device of it.
  virtual absl::Status RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) = 0;

  // The functions that a domain has.
  virtual absl::StatusOr<std::vector<PciFunction>> PciOf(uint32_t domid) const = 0;
  // Those that are taken from the host's drivers for guests, also what a guest has; none without the back end's module.
  virtual absl::StatusOr<std::vector<PciFunction>> AssignablePci() const = 0;
  // Takes a function from its driver, which is remembered, or gives it back to that. Whether a domain has it is not
  // looked at. After an error of the first it may be taken nevertheless.
  virtual absl::Status MakePciAssignable(const PciFunction& function) = 0;
  virtual absl::Status ReturnPciToHost(const PciFunction& function) = 0;

  virtual absl::StatusOr<Scheduling> SchedulingOf(uint32_t domid) const = 0;
  virtual absl::Status SetScheduling(uint32_t domid, const Scheduling& scheduling) = 0;
  virtual absl::StatusOr<std::vector<VcpuFacts>> VcpusOf(uint32_t domid) const = 0;
  // Asks the guest to use the first `count` of its virtual CPUs.
  virtual absl::Status SetOnlineVcpus(uint32_t domid, uint32_t count) = 0;
  // Binds a virtual CPU to CPUs of the host.
  virtual absl::Status Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) = 0;

  // Bytes of ours that live and die with the domain, and that a later daemon finds (libxl.h, "user data").
  virtual absl::Status StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) = 0;
  // Empty when there is none.
  virtual absl::StatusOr<std::string> ReadNote(uint32_t domid, const std::string& name) const = 0;
  // The configuration with which it runs, also of a domain that another toolstack made.
  virtual absl::StatusOr<DomainConfig> ConfigOf(uint32_t domid) const = 0;
  // The terminal of its first console.
  virtual absl::StatusOr<std::string> ConsolePath(uint32_t domid) const = 0;
};

}  // namespace reeve::xen
