#include "drivers/xen/xen_driver.h"

#include <memory>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "drivers/cpu/cpuid.h"
#include "drivers/default_mac.h"
#include "drivers/xen/config_builder.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/endings.h"
#include "drivers/xen/guest_making.h"
#include "drivers/xen/guest_monitor.h"
#include "drivers/xen/guest_note.h"
#include "drivers/xen/guest_statistics.h"
#include "drivers/xen/host_devices.h"
#include "drivers/xen/libvirt_image.h"
#include "drivers/xen/live_changes.h"
#include "drivers/xen/managed_save.h"
#include "drivers/xen/memory_transfer.h"
#include "drivers/xen/memory_writing.h"
#include "drivers/xen/pause_control.h"
#include "drivers/xen/power_requests.h"
#include "drivers/xen/recovery.h"
#include "drivers/xen/usb_addresses.h"
#include "drivers/xen/xen_capabilities.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {

using drivers::DomainKey;

class XenDriver::Implementation {
 public:
  explicit Implementation(XenDriverOptions options)
      : context(std::move(options)), pauses(&context), monitor(&context, &pauses) {}
  ~Implementation() {
    // First the monitor, whose jobs use the toolstack; then the toolstack, whose thread calls the monitor.
    monitor.End();
    context.Close();
  }

  // The specification with which the guest runs from now on.
  absl::Status Note(const Guest& guest, v1::DomainSpec spec) {
    KeepPorts(guest.spec, &spec);
    context.guests().SetSpec(guest.domid, spec);
    // A daemon that comes back reads it; the change itself is done.
    if (absl::Status status = WriteNote(context.toolstack(), guest.domid, guest.key, spec); !status.ok()) {
      util::LogWarn("note the change of ", guest.key.name, ": ", status.message());
    }
    return absl::OkStatus();
  }

  DriverContext context;
  PauseControl pauses;
  GuestMonitor monitor;
};

XenDriver::XenDriver(XenDriverOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}
XenDriver::~XenDriver() = default;

v1::Hypervisor XenDriver::Describe() const {
  const DriverContext& context = implementation_->context;
  v1::Hypervisor hypervisor;
  hypervisor.set_name("hypervisors/xen");
  hypervisor.set_uri("xen:///");
  hypervisor.set_type("Xen");
  hypervisor.set_available(context.available());
  if (context.available()) {
    absl::StatusOr<HostFacts> host = context.toolstack().Host();
    if (host.ok()) hypervisor.set_version(host->version);
  } else {
    hypervisor.set_unavailable_reason(std::string(context.unavailable().message()));
  }
  return hypervisor;
}

absl::StatusOr<std::string> XenDriver::Capabilities() const {
  const DriverContext& context = implementation_->context;
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<HostFacts> host = context.toolstack().Host();
  if (!host.ok()) return DriverError(host.status());
  return CapabilitiesXml(*host);
}

absl::StatusOr<std::string> XenDriver::DomainCapabilities(const v1::GetDomainCapabilitiesRequest& request) const {
  const DriverContext& context = implementation_->context;
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<HostFacts> host = context.toolstack().Host();
  if (!host.ok()) return DriverError(host.status());
  return DomainCapabilitiesXml(*host, request);
}

absl::Status XenDriver::Validate(const v1::DomainSpec& spec) const {
  const DriverContext& context = implementation_->context;
  if (context.library() == nullptr) return context.RefuseUnavailable();
  const DomainKey any{.name = "domain", .uid = "00000000-0000-4000-8000-000000000000", .run = 0};
  return BuildDomainConfig(context.library(), any, spec).status();
}

absl::Status XenDriver::Complete(const DomainKey& domain, v1::DomainSpec* spec) {
  int index = 0;
  for (v1::Interface& interface : *spec->mutable_devices()->mutable_interfaces()) {
    if (interface.mac_address().empty()) {
      interface.set_mac_address(drivers::DefaultMac(drivers::kXenMacPrefix, domain.uid, index));
    }
    ++index;
  }
  return absl::OkStatus();
}

std::vector<drivers::RecoveredDomain> XenDriver::Recover(const std::vector<drivers::KnownDomain>& known,
                                                         drivers::GuestObserver* observer) {
  GuestMonitor& monitor = implementation_->monitor;
  monitor.Begin(observer);
  // A watch tells of itself as soon as it is set. The monitor would take what it finds then for new, and recovery,
  // which meets a guest that somebody has taken already, would take it for gone.
  const auto recovered = std::make_shared<absl::Notification>();
  monitor.WaitFor(recovered);
  std::vector<drivers::RecoveredDomain> guests = RecoverGuests(implementation_->context, &monitor, known);
  recovered->Notify();
  return guests;
}

absl::Status XenDriver::Preflight(const DomainKey& domain, const v1::DomainSpec& spec) {
  const DriverContext& context = implementation_->context;
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  return BuildDomainConfig(context.library(), domain, spec).status();
}

absl::StatusOr<drivers::RunningGuest> XenDriver::Start(const DomainKey& domain, const v1::DomainSpec& spec,
                                                       bool paused) {
  DriverContext& context = implementation_->context;
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<GuestClaim> claim = context.ClaimAbsent(domain);
  if (!claim.ok()) return claim.status();
  absl::StatusOr<Guest> guest = MakeGuest(context, domain, spec, paused);
  if (!guest.ok()) return WithReason(v1::REASON_START_FAILED, guest.status());
  const drivers::RunningGuest running = guest->Describe();
  claim->Put(*std::move(guest));
  // It may have stopped before it was known.
  implementation_->monitor.OnDomainsChanged();
  return running;
}

absl::Status XenDriver::Shutdown(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  return AskShutdown(implementation_->context, domain, modes);
}

absl::Status XenDriver::Reboot(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  return AskReboot(implementation_->context, domain, modes);
}

absl::StatusOr<drivers::GuestExit> XenDriver::Destroy(const DomainKey& domain) {
  DriverContext& context = implementation_->context;
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  absl::Status status = context.toolstack().Destroy(guest.domid);
  if (!status.ok() && status.code() != absl::StatusCode::kNotFound) return DriverError(status);
  ReturnManaged(context, guest);
  guest.console->Close("the guest was destroyed");
  claim->Drop();
  return DestroyedByUs(absl::Now());
}

absl::Status XenDriver::Suspend(const DomainKey& domain) {
  return implementation_->pauses.SetPaused(domain, true);
}

absl::Status XenDriver::Resume(const DomainKey& domain) {
  return implementation_->pauses.SetPaused(domain, false);
}

absl::Status XenDriver::Save(const DomainKey& domain, drivers::Progress* progress) {
  return SaveManaged(implementation_->context, domain, progress);
}

absl::Status XenDriver::CanSendMemory(const DomainKey& domain) const {
  absl::StatusOr<Guest> guest = implementation_->context.FindChangeable(domain);
  return guest.ok() ? CheckCanSend(*guest) : guest.status();
}

absl::Status XenDriver::SendMemory(const DomainKey& domain, int descriptor, bool live, drivers::Progress* progress) {
  absl::Status status = xen::SendMemory(implementation_->context, domain, descriptor, live, progress);
  // What happened to it while it was claimed was not looked at.
  if (!status.ok()) implementation_->monitor.OnDomainsChanged();
  return status;
}

absl::Status XenDriver::EndSending(const DomainKey& domain, bool gone) {
  absl::Status status = xen::EndSending(implementation_->context, domain, gone);
  implementation_->monitor.OnDomainsChanged();
  return status;
}

absl::Status XenDriver::KeepStill(const DomainKey& domain) {
  return xen::KeepStill(implementation_->context, domain);
}

absl::StatusOr<drivers::SavedImage> XenDriver::ReadImage(int descriptor) const {
  return IsLibvirtImage(descriptor) ? ReadLibvirtImageHead(descriptor) : drivers::ReadImageHead(descriptor, "xen");
}

absl::Status XenDriver::CanStartFromMemory() const {
  return implementation_->context.RefuseUnavailable();
}

absl::StatusOr<drivers::RunningGuest> XenDriver::StartFromMemory(const DomainKey& domain, const v1::DomainSpec& spec,
                                                                 int descriptor, drivers::Progress* /*progress*/) {
  return xen::StartFromMemory(implementation_->context, domain, spec, descriptor);
}

absl::Status XenDriver::Confirm(const DomainKey& domain, bool paused) {
  absl::Status status = KeepStarted(implementation_->context, domain);
  return !status.ok() || paused ? status : Resume(domain);
}

absl::Status XenDriver::RemoveSaved(const DomainKey& domain) {
  return RemoveManagedSave(implementation_->context, domain);
}

absl::Status XenDriver::DumpCore(const DomainKey& domain, int descriptor, bool live, drivers::Progress* /*progress*/) {
  absl::Status status = DumpGuestCore(implementation_->context, domain, descriptor, live);
  implementation_->monitor.OnDomainsChanged();
  return status;
}

absl::Status XenDriver::Sleep(const DomainKey& domain, v1::SleepTarget target) {
  absl::Status status = PutToSleep(implementation_->context, domain, target);
  implementation_->monitor.OnDomainsChanged();
  return status;
}

absl::Status XenDriver::Wake(const DomainKey& domain) {
  return WakeUp(implementation_->context, domain);
}

absl::StatusOr<v1::DomainStatistics> XenDriver::Sample(const DomainKey& domain) const {
  return SampleMany({domain}, drivers::AllStatistics())[0];
}

std::vector<absl::StatusOr<v1::DomainStatistics>> XenDriver::SampleMany(const std::vector<DomainKey>& domains,
                                                                        drivers::StatisticsParts parts) const {
  return SampleGuests(implementation_->context, domains, parts);
}

absl::Status XenDriver::ChangeDevice(const DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                                     const v1::DomainSpec& /*before*/, const v1::DomainSpec& after) {
  DriverContext& context = implementation_->context;
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  std::shared_lock<std::shared_mutex> host_devices(context.host_devices(), std::defer_lock);
  if (device.host_devices_size() > 0) host_devices.lock();
  v1::Devices found = device;
  absl::Status status = FindUsbDevices(context.sysfs(), AbsentUsb::kRefused, &found);
  if (!status.ok()) return status;
  status = ChangeGuestDevice(context.toolstack(), context.library(), *guest, change, found, after);
  if (host_devices.owns_lock()) host_devices.unlock();
  if (status.ok() && change == drivers::DeviceChange::kDetach) ReturnManaged(context, device);
  return status.ok() ? implementation_->Note(*guest, after) : DriverError(status);
}

absl::Status XenDriver::Tune(const DomainKey& domain, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  DriverContext& context = implementation_->context;
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::Status status = TuneGuest(context.toolstack(), *guest, before, after);
  return status.ok() ? implementation_->Note(*guest, after) : DriverError(status);
}

absl::Status XenDriver::ReadTuning(const DomainKey& domain, v1::DomainTuning* tuning) const {
  return ReadGuestTuning(implementation_->context, domain, tuning);
}

absl::StatusOr<v1::ListVcpusResponse> XenDriver::ListVcpus(const DomainKey& domain) const {
  return ListGuestVcpus(implementation_->context, domain);
}

absl::StatusOr<v1::HostCpu> XenDriver::Processor() const {
  const DriverContext& context = implementation_->context;
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<HostFacts> host = context.toolstack().Host();
  if (!host.ok()) return DriverError(host.status());
  return cpu::ToHostCpu(host->processor);
}

absl::Status XenDriver::DetachFromHost(const v1::PciDeviceAddress& address) {
  return TakeFromHost(implementation_->context, address);
}

absl::Status XenDriver::ReattachToHost(const v1::PciDeviceAddress& address) {
  return GiveToHost(implementation_->context, address);
}

absl::Status XenDriver::ResetDevice(const v1::PciDeviceAddress& address) {
  return ResetHostDevice(implementation_->context, address);
}

absl::StatusOr<std::unique_ptr<drivers::Console>> XenDriver::OpenConsole(const DomainKey& domain,
                                                                         const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  const DriverContext& context = implementation_->context;
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  if (options.console != 0) {
    return Error(v1::REASON_CONSOLE_NOT_FOUND, absl::StrCat("there is no console ", options.console));
  }
  absl::StatusOr<std::string> path = context.toolstack().ConsolePath(guest->domid);
  if (!path.ok()) return DriverError(path.status());
  return guest->console->Attach(*path, options, std::move(reader));
}

}  // namespace reeve::xen
